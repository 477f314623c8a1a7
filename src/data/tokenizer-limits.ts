// Refuses a tokenizer.json whose work could grow beyond all bounds: it comes from a stranger, and nothing can stop a
// regular expression that backtracks. Looks at how patterns are built, not at what they match, so a few harmless ones
// are refused too; none of the published tokenizers that we know has one. What passes takes the square of a text's
// length at the most.

import { AppError } from "../core/errors";

/** How much longer the replacements of one part may make a text altogether. */
const MOST_GROWTH = 64;

/** Characters, all alike, that a pattern is imagined to meet. */
const RUN = 1000;
/** One repetition and a few choices, but not two repetitions. */
const MOST_WAYS = 50 * RUN;

/** What the library makes of the parts that handle text, patterns as they will run. */
export interface TextParts {
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly decoder: unknown;
}

/** Throws `unsupported-model`, and a SyntaxError for a pattern that the engine can't compile. */
export function checkTokenizerCost(parts: TextParts): void {
  for (const name of ["normalizer", "pre_tokenizer", "decoder"] as const) {
    let growth = 1;
    for (const found of within(parts[name])) {
      if (found instanceof RegExp) {
        if (waysToMatch(found.source) > MOST_WAYS) throw patternRefused(name, found.source);
        // Engines compile a pattern when it meets its first text, and only then say that it is too large.
        for (const text of ["a", "あ"]) text.replace(found, "");
      } else growth *= Math.max(1, found.length);
      if (growth > MOST_GROWTH) {
        throw new AppError(
          "unsupported-model",
          `tokenizer.json: the replacements of its ${name} may make a text more than ${MOST_GROWTH} times as long. Such a tokenizer is not used.`,
        );
      }
    }
  }
}

function patternRefused(part: string, source: string): AppError {
  return new AppError(
    "unsupported-model",
    `tokenizer.json: the pattern ${JSON.stringify(source.slice(0, 200))} of its ${part} can match the same text in so many ways that trying them all may take for ever. Such a tokenizer is not used.`,
  );
}

/** The patterns of a part and of those inside it, and the texts that it puts in place of what they match. */
function* within(part: unknown, depth = 0): Generator<RegExp | string> {
  if (part instanceof RegExp) yield part;
  else if (part instanceof Object && depth < 20) {
    type Values = { readonly content?: unknown; readonly prepend?: unknown } | null;
    for (const [key, value] of Object.entries(part as Record<string, Values>)) {
      if (key !== "config") yield* within(value, depth + 1);
      else for (const text of [value?.content, value?.prepend]) if (typeof text === "string") yield text;
    }
  }
}

/** A character, a class or a group, and how often it is matched. */
interface Piece {
  /** Of a group: its alternatives. */
  readonly inner: Piece[][] | undefined;
  /** Is tried once: what follows never comes back to it. */
  readonly isLookaround: boolean;
  readonly least: number;
  readonly most: number;
}

/**
 * In how many ways a pattern, begun at one place of a run of characters, may match before it fails; infinitely many when
 * they multiply with every character, as for (a+)* or (a|a)+. Of a pattern with the flag u, which has no classes inside
 * classes.
 */
export function waysToMatch(source: string): number {
  return waysOfAny(piecesOf(source), false);
}

/** `isUndone` when what follows may fail, so that every way is tried. */
function waysOfAny(alternatives: readonly Piece[][], isUndone: boolean): number {
  const ways = alternatives.map((pieces) => waysOfAll(pieces, isUndone));
  return isUndone ? ways.reduce((sum, one) => sum + one, 0) : Math.max(...ways);
}

function waysOfAll(pieces: readonly Piece[], isUndone: boolean): number {
  return pieces.reduceRight((ways, { inner, isLookaround, least, most }) => {
    const isRepeated = most > 1;
    const within = inner ? waysOfAny(inner, !isLookaround && (isUndone || isRepeated)) : 1;
    const counts = isUndone ? Math.min(most, RUN) - Math.min(least, RUN) + 1 : 1;
    isUndone ||= isLookaround || least > 0;
    return ways * counts * (isRepeated && within > 1 ? Infinity : within);
  }, 1);
}

function piecesOf(source: string): Piece[][] {
  const open: Piece[][][] = [[[]]];
  const lookarounds: boolean[] = [];
  for (let at = 0; at < source.length;) {
    let inner: Piece[][] | undefined;
    let isLookaround = false;
    switch (source[at]) {
      case "|":
        open.at(-1)!.push([]);
        at++;
        continue;
      case "(": {
        const [opening, look] = /^\((?:\?(?:(<?[=!])|<[^>]*>|[a-z-]*:))?/.exec(source.slice(at))!;
        open.push([[]]);
        lookarounds.push(look !== undefined);
        at += opening.length;
        continue;
      }
      case ")":
        inner = open.pop()!;
        isLookaround = lookarounds.pop()!;
        break;
      case "\\":
        at = /^[pPu]\{/.test(source.slice(at + 1, at + 3)) ? source.indexOf("}", at) : at + 1;
        break;
      case "[":
        while (source[at] !== "]") at += source[at] === "\\" ? 2 : 1;
    }
    at++;
    const { least, most, length } = quantifier(source, at);
    at += length;
    open.at(-1)!.at(-1)!.push({ inner, isLookaround, least, most });
  }
  return open[0]!;
}

/** How often what stands before `at` is matched, and of how many characters that is said. */
function quantifier(source: string, at: number): { least: number; most: number; length: number } {
  const [written, sign, from, comma, to] =
    /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(source.slice(at, at + 50)) ?? [];
  if (written === undefined) return { least: 1, most: 1, length: 0 };
  const { length } = written;
  if (sign !== undefined) return { least: sign === "+" ? 1 : 0, most: sign === "?" ? 1 : Infinity, length };
  return { least: Number(from), most: comma ? Number(to || Infinity) : Number(from), length };
}
