// Refuses a tokenizer.json whose work could grow beyond all bounds: it comes from a stranger, and nothing can stop a
// regular expression that backtracks. Looks at how patterns are built, not at what they match, so a few harmless ones
// are refused too; none of the published tokenizers that we know has one. Patterns that take the square of a text's
// length pass.

import { AppError } from "../core/errors";

/** How much longer the replacements of one part may make a text altogether. */
const MOST_GROWTH = 64;

/** What the library makes of the parts that handle text, patterns as they will run. */
export interface TextParts {
  readonly normalizer: unknown;
  readonly pre_tokenizer: unknown;
  readonly decoder: unknown;
}

/** Throws `unsupported-model`. */
export function checkTokenizerCost(parts: TextParts): void {
  for (const name of ["normalizer", "pre_tokenizer", "decoder"] as const) {
    let growth = 1;
    for (const found of within(parts[name])) {
      if (found instanceof RegExp) {
        if (repeatsAmbiguousGroup(found.source)) throw patternRefused(name, found.source);
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
    `tokenizer.json: the pattern ${JSON.stringify(source.slice(0, 200))} of its ${part} repeats a group that can match in several ways. Matching it may take for ever, so such a tokenizer is not used.`,
  );
}

/** The patterns of a part and of those inside it, and the texts that it puts in place of what they match. */
function* within(part: unknown, depth = 0): Generator<RegExp | string> {
  if (part instanceof RegExp) yield part;
  else if (part instanceof Object && depth < 20) {
    for (const [key, value] of Object.entries(part as Record<string, { content?: unknown } | null>)) {
      if (key !== "config") yield* within(value, depth + 1);
      else if (typeof value?.content === "string") yield value.content;
    }
  }
}

/**
 * Whether a group that may match in several ways is repeated, as in (a+)* or (a|a)+: the ways multiply with every round.
 * Of a pattern with the flag u, which has no classes inside classes.
 */
export function repeatsAmbiguousGroup(source: string): boolean {
  /** The open groups, the whole pattern first. */
  const groups = [{ isAmbiguous: false, isLookaround: false }];
  for (let at = 0; at < source.length; at++) {
    const group = groups.at(-1)!;
    switch (source[at]) {
      case "\\":
        at++;
        if (/^[pPu]\{/.test(source.slice(at, at + 2))) at = source.indexOf("}", at);
        break;
      case "[":
        while (source[at] !== "]") at += source[at] === "\\" ? 2 : 1;
        break;
      case "(": {
        const [opening] = /^\((\?(<?[=!])?)?/.exec(source.slice(at, at + 4))!;
        groups.push({ isAmbiguous: false, isLookaround: opening.length > 2 });
        at += opening.length - 1;
        break;
      }
      case "|":
        group.isAmbiguous = true;
        break;
      case ")": {
        groups.pop();
        if (!group.isAmbiguous || group.isLookaround) break; // a lookaround is tried once
        if (quantifier(source, at + 1).most > 1) return true;
        groups.at(-1)!.isAmbiguous = true;
        break;
      }
      default: {
        const { least, most } = quantifier(source, at);
        if (least !== most) group.isAmbiguous = true;
      }
    }
  }
  return false;
}

/** How often what stands before `at` is matched. */
function quantifier(source: string, at: number): { readonly least: number; readonly most: number } {
  switch (source[at]) {
    case "*":
      return { least: 0, most: Infinity };
    case "+":
      return { least: 1, most: Infinity };
    case "?":
      return { least: 0, most: 1 };
    case "{": {
      const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(
        source.slice(at, source.indexOf("}", at) + 1),
      )!;
      return { least: Number(least), most: comma ? Number(most || Infinity) : Number(least) };
    }
    default:
      return { least: 1, most: 1 };
  }
}
