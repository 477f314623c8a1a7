// A JSON or JSON Lines file → its records, each with the line on which it begins. What the file is called doesn't
// matter: lists, one object that holds the list, one value a line, and objects written over several lines are told apart
// by their text. A broken line is a problem of its own; in a list, where nothing after a fault can be trusted, the fault
// is an error of the file.

import { AppError } from "../core/errors";
import type { RowProblem } from "../core/message";
import {
  createLineFinder,
  scanElements,
  scanValue,
  skipSpace,
  type JsonFault,
  type Scan,
} from "./json-scanner";

export interface JsonRecord {
  readonly value: unknown;
  /** 1-based line on which the record begins. */
  readonly line: number;
  /** 1-based number of the record; broken ones count. */
  readonly row: number;
}

export interface JsonRecords {
  readonly records: JsonRecord[];
  readonly problems: RowProblem[];
}

/** `isRow` tells an object that is itself a row from one that holds the list of rows. Throws `bad-dataset`. */
export function readJsonRecords(
  text: string,
  fileName: string,
  isRow: (value: unknown) => boolean,
): JsonRecords {
  const begin = skipSpace(text, 0);
  const placeOf = createLineFinder(text);
  if (text[begin] === "[") {
    const first = scanValue(text, begin);
    // A file of several lists, one a line, is JSON Lines; its rows will be refused by their form.
    if (!("end" in first) || skipSpace(text, first.end) === text.length)
      return readList(text, begin, fileName, placeOf);
  } else {
    const whole = scanValue(text, begin);
    if ("end" in whole && skipSpace(text, whole.end) === text.length) {
      const value = JSON.parse(text.slice(begin, whole.end)) as unknown;
      if (isRow(value) || typeof value !== "object" || value === null) {
        return { records: [{ value, line: placeOf(begin).line, row: 1 }], problems: [] };
      }
      return readList(text, listInside(text, begin, value, fileName), fileName, placeOf);
    }
  }
  return readLines(text, placeOf);
}

/** Line, column and what was expected, for a message. */
function describe(
  fault: JsonFault,
  text: string,
  placeOf: (offset: number) => { line: number; column: number },
): string {
  const { line, column } = placeOf(fault.offset);
  const found =
    fault.offset >= text.length
      ? "the file ends"
      : /^[ \t]*[\r\n]/.test(text.slice(fault.offset, fault.offset + 100))
        ? "the line ends"
        : `found ${JSON.stringify(text.slice(fault.offset, fault.offset + 12).split(/[\r\n]/)[0])}`;
  return `line ${line}, column ${column}: ${found}, ${fault.expected} was expected`;
}

function readList(
  text: string,
  begin: number,
  fileName: string,
  placeOf: (offset: number) => { line: number; column: number },
): JsonRecords {
  const records: JsonRecord[] = [];
  const scan = scanElements(text, begin, 0, (from, to) => {
    records.push({
      value: JSON.parse(text.slice(from, to)),
      line: placeOf(from).line,
      row: records.length + 1,
    });
  });
  if (!("end" in scan)) {
    const good = records.length === 0 ? "" : ` The ${records.length} rows before it are well-formed.`;
    throw new AppError(
      "bad-dataset",
      `${fileName}: ${describe(scan, text, placeOf)}.${good} Mend the file there, or save it as JSON Lines.`,
    );
  }
  return { records, problems: [] };
}

/** Offset of the only list of objects among the fields of the object that begins at `begin`. */
function listInside(text: string, begin: number, object: object, fileName: string): number {
  const lists = Object.entries(object).filter(
    ([, value]) => Array.isArray(value) && value.length > 0 && typeof value[0] === "object",
  );
  const names = lists.map(([name]) => JSON.stringify(name)).join(", ");
  if (lists.length !== 1) {
    const found =
      lists.length === 0
        ? `its fields are ${Object.keys(object)
            .slice(0, 12)
            .map((name) => JSON.stringify(name))
            .join(", ")}`
        : `it holds several lists: ${names}`;
    throw new AppError(
      "bad-dataset",
      `${fileName}: the file is one object, and ${found}. One list of rows was expected; keep only the rows as [ … ].`,
    );
  }
  let at = begin + 1;
  for (;;) {
    const nameBegin = skipSpace(text, at);
    const name = scanValue(text, nameBegin);
    if (!("end" in name)) break;
    const valueBegin = skipSpace(text, skipSpace(text, name.end) + 1);
    if (JSON.parse(text.slice(nameBegin, name.end)) === lists[0]![0] && text[valueBegin] === "[")
      return valueBegin;
    const value = scanValue(text, valueBegin);
    if (!("end" in value)) break;
    at = skipSpace(text, value.end) + 1;
  }
  throw new Error(`internal: the list ${names} was not found again in ${fileName}`);
}

/** One value after another, parted by white space; normally one a line. */
function readLines(text: string, placeOf: (offset: number) => { line: number; column: number }): JsonRecords {
  const records: JsonRecord[] = [];
  const problems: RowProblem[] = [];
  let row = 0;
  let at = skipSpace(text, 0);
  while (at < text.length) {
    row++;
    const { line } = placeOf(at);
    const scan = scanRecord(text, at);
    if ("end" in scan) {
      records.push({ value: JSON.parse(text.slice(at, scan.end)), line, row });
      at = skipSpace(text, scan.end);
      continue;
    }
    const next = nextRecord(text, at, scan.offset);
    // A record that breaks off is told of where it ends, not where the next one begins.
    const own = scan.offset < next ? scan : scanRecord(text.slice(0, endOfText(text, at, next)), at);
    const reason = `no valid JSON: ${describe("end" in own ? scan : own, text, placeOf)}`;
    problems.push({ line, row, field: "", reason });
    at = next;
  }
  return { records, problems };
}

/** Records are objects (or lists, which the formats refuse by their form); a bare number or text is a broken line. */
function scanRecord(text: string, at: number): Scan {
  return text[at] === "{" || text[at] === "["
    ? scanValue(text, at)
    : { offset: at, expected: "an object beginning with {" };
}

/**
 * Where reading goes on after a fault: the next line when the fault is on the record's first line, else the next line
 * that begins with an opening brace. Objects inside a record are indented, so that one broken object over many lines is
 * one problem, and one that breaks off takes none of the records after it with it.
 */
function nextRecord(text: string, begin: number, fault: number): number {
  const lineBreak = /\r\n|\n|\r/g;
  lineBreak.lastIndex = begin;
  const first = lineBreak.exec(text);
  if (!first) return text.length;
  if (fault <= first.index) return skipSpace(text, lineBreak.lastIndex);
  const opening = /[\r\n]\{/g;
  opening.lastIndex = begin;
  return opening.test(text) ? opening.lastIndex - 1 : text.length;
}

/** Where the text from `begin` on ends before `end`, white space left out. */
function endOfText(text: string, begin: number, end: number): number {
  return begin + text.slice(begin, end).trimEnd().length;
}
