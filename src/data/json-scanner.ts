// Walks over JSON text to find where values begin and end, and where exactly the text stops being JSON. JSON.parse gives
// neither: its messages have no place in some browsers, and it can't tell the line on which a list's element begins.
// Values are checked strictly (RFC 8259) and built by JSON.parse afterwards. Offsets are UTF-16 positions.

export interface JsonFault {
  /** Where the text stops being JSON; text.length when it ends too early. */
  readonly offset: number;
  readonly expected: string;
}

export type Scan = { readonly end: number } | JsonFault;

const maximumDepth = 500;
const space = /[ \t\r\n]*/y;
const numberPattern = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const plainCharacters = /[^"\\\u0000-\u001f]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/** Offset of the first character from `offset` on that is no JSON white space. */
export function skipSpace(text: string, offset: number): number {
  space.lastIndex = offset;
  space.exec(text);
  return space.lastIndex;
}

/** Scans one value that begins at `offset` (after white space): its end, or the fault in it. */
export function scanValue(text: string, offset: number, depth = 0): Scan {
  if (depth > maximumDepth) return { offset, expected: `at most ${maximumDepth} nested brackets` };
  const begin = skipSpace(text, offset);
  switch (text[begin]) {
    case "{":
      return scanMembers(text, begin, depth);
    case "[":
      return scanElements(text, begin, depth);
    case '"':
      return scanString(text, begin);
  }
  for (const word of ["true", "false", "null"])
    if (text.startsWith(word, begin)) return { end: begin + word.length };
  numberPattern.lastIndex = begin;
  if (numberPattern.exec(text)) return { end: numberPattern.lastIndex };
  return { offset: begin, expected: "a value" };
}

/**
 * Scans a list beginning at `offset` and hands each element's [begin, end) to `visit` as soon as it is found, so that the
 * elements before a fault are known.
 */
export function scanElements(
  text: string,
  offset: number,
  depth: number,
  visit?: (begin: number, end: number) => void,
): Scan {
  let at = skipSpace(text, offset + 1);
  if (text[at] === "]") return { end: at + 1 };
  for (;;) {
    const begin = skipSpace(text, at);
    const element = scanValue(text, begin, depth + 1);
    if (!("end" in element)) return element;
    visit?.(begin, element.end);
    at = skipSpace(text, element.end);
    if (text[at] === "]") return { end: at + 1 };
    if (text[at] !== ",") return { offset: at, expected: "a comma or ]" };
    at++;
  }
}

function scanMembers(text: string, offset: number, depth: number): Scan {
  let at = skipSpace(text, offset + 1);
  if (text[at] === "}") return { end: at + 1 };
  for (;;) {
    at = skipSpace(text, at);
    if (text[at] !== '"') return { offset: at, expected: 'a field name in " quotes' };
    const name = scanString(text, at);
    if (!("end" in name)) return name;
    at = skipSpace(text, name.end);
    if (text[at] !== ":") return { offset: at, expected: "a colon after the field name" };
    const value = scanValue(text, at + 1, depth + 1);
    if (!("end" in value)) return value;
    at = skipSpace(text, value.end);
    if (text[at] === "}") return { end: at + 1 };
    if (text[at] !== ",") return { offset: at, expected: "a comma or }" };
    at++;
  }
}

function scanString(text: string, offset: number): Scan {
  let at = offset + 1;
  for (;;) {
    plainCharacters.lastIndex = at;
    plainCharacters.exec(text);
    at = plainCharacters.lastIndex;
    if (text[at] === '"') return { end: at + 1 };
    if (text[at] !== "\\")
      return { offset: at, expected: 'a closing " (line breaks inside text are written \\n)' };
    escape.lastIndex = at;
    if (!escape.exec(text)) return { offset: at, expected: 'an escape such as \\n, \\" or \\u00e9' };
    at = escape.lastIndex;
  }
}

/** Offset → 1-based line and column. Lines end with \n, \r\n or a lone \r. */
export function createLineFinder(text: string): (offset: number) => { line: number; column: number } {
  const begins = [0];
  for (const match of text.matchAll(/\r\n|\n|\r/g)) begins.push(match.index + match[0].length);
  return (offset) => {
    let low = 0;
    let high = begins.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (begins[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - begins[low]! + 1 };
  };
}
