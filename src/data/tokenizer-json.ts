// Rewrites a parsed tokenizer.json so that the JavaScript library splits text exactly as the Rust library does. What
// changes ids: the patterns of the library's own splits count U+FEFF as white space and U+0085 not, and know no letter but
// ASCII's; its Digits knows decimal digits only, where Rust's takes every numeric character (½, Ⅷ, ٣); of the behaviours
// of a Split it has two; "$" means something in its replacements. What tokenizer-check.ts lets pass is dealt with here, in
// tokenizer-steps.ts, or the same in both.
//
// In one thing it is better than Rust on purpose: control tokens are recognised wherever they stand. Early Llama 2 files
// mark theirs as "normalized", which makes "</s>" behind a word plain text, and a model trained on that never stops.

type Json = Record<string, unknown>;

/** GPT-2's split, as ByteLevel applies it (https://github.com/openai/gpt-2/blob/master/src/encoder.py), in Unicode terms. */
const byteLevelSplit =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+";

/** Unicode's punctuation, and ASCII's, which has $+<=>^`|~ too. */
const punctuation = "[\\p{P}!-/:-@\\[-`{-~]";

/** \w of Rust's regular expressions: https://docs.rs/regex/latest/regex/#unicode */
const word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\u200c\\u200d";

/** A copy of what `checkTokenizerJson` has passed, absent parts as null, without truncation and padding. */
export function likeRust(tokenizer: Json): Json {
  const parts = { normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null, ...tokenizer };
  const addedTokens = ((tokenizer["added_tokens"] ?? []) as Json[]).map((token) =>
    token["special"] === true ? { ...token, normalized: false } : token,
  );
  return {
    ...parts,
    added_tokens: addedTokens,
    truncation: null,
    padding: null,
    normalizer: withLiteralReplacements(parts.normalizer as Json | null),
    pre_tokenizer: preTokenizer(parts.pre_tokenizer as Json | null),
    decoder: withLiteralReplacements(parts.decoder as Json | null),
  };
}

/** A normaliser or a decoder in whose replacements "$" means itself. */
function withLiteralReplacements(step: Json | null): Json | null {
  if (step?.["type"] === "Replace") {
    return { ...step, content: (step["content"] as string).replaceAll("$", "$$$$") };
  }
  const list = ["normalizers", "decoders"].find((name) => Array.isArray(step?.[name]));
  return list === undefined
    ? step
    : { ...step, [list]: (step![list] as Json[]).map(withLiteralReplacements) };
}

function preTokenizer(step: Json | null): Json | null {
  switch (step?.["type"]) {
    case "Sequence":
      return sequence(...(step["pretokenizers"] as Json[]).map((inner) => preTokenizer(inner)!));
    case "Split": {
      const { Regex: regex, String: literal } = step["pattern"] as { Regex?: string; String?: string };
      return split(
        regex ?? escaped(literal!),
        (step["behavior"] ?? "Isolated") as Behavior,
        step["invert"] === true,
      );
    }
    case "Digits":
      return split(step["individual_digits"] === true ? "\\p{N}" : "\\p{N}+");
    case "Punctuation":
      return split(punctuation, (step["behavior"] ?? "Isolated") as Behavior);
    case "Whitespace":
      return split(`[${word}]+|[^${word}\\p{White_Space}]+`, "Removed", true);
    case "WhitespaceSplit":
      return split("\\p{White_Space}+", "Removed");
    case "BertPreTokenizer":
      return sequence(split("\\p{White_Space}+", "Removed"), split(punctuation));
    case "ByteLevel": {
      if (step["use_regex"] === false) return step;
      const bytes = { type: "ByteLevel", add_prefix_space: false, use_regex: false };
      if (step["add_prefix_space"] !== true) return sequence(split(byteLevelSplit), bytes);
      // Puts a space in front, as ByteLevel does, but before the split.
      const space = { type: "Metaspace", replacement: " ", prepend_scheme: "always" };
      return sequence(space, split(byteLevelSplit), bytes);
    }
    case "Metaspace": {
      const replacement = step["replacement"] as string;
      const scheme = step["add_prefix_space"] === false ? "never" : (step["prepend_scheme"] ?? "always");
      const marked = { type: "Metaspace", replacement, prepend_scheme: scheme };
      return step["split"] === false
        ? marked
        : sequence(marked, split(escaped(replacement), "MergedWithNext"));
    }
    default:
      return step;
  }
}

function sequence(...pretokenizers: Json[]): Json {
  return { type: "Sequence", pretokenizers };
}

type Behavior = "Removed" | "Isolated" | "MergedWithPrevious" | "MergedWithNext" | "Contiguous";

/**
 * A Split at what `regex` matches; inverted, at what lies between. What is matched and what lies between are pieces in
 * any case, so a piece that takes its neighbour in is a longer match.
 * https://docs.rs/tokenizers/latest/tokenizers/tokenizer/normalizer/enum.SplitDelimiterBehavior.html
 */
function split(regex: string, behavior: Behavior = "Isolated", isInverted = false): Json {
  const isolated = (longer: string): Json => ({
    type: "Split",
    pattern: { Regex: longer },
    behavior: "Isolated",
    invert: false,
  });
  const between = `(?:(?!${regex})[\\s\\S])`;
  switch (behavior) {
    case "Removed":
      return { type: "Split", pattern: { Regex: regex }, behavior, invert: isInverted };
    case "Isolated":
      return isolated(regex);
    case "Contiguous":
      return isolated(`(?:${regex})+`);
    case "MergedWithPrevious":
    case "MergedWithNext":
      return isolated(
        (behavior === "MergedWithNext") === isInverted
          ? `${between}+(?:${regex})?|(?:${regex})`
          : `(?:${regex})${between}*`,
      );
  }
}

function escaped(literal: string): string {
  return literal.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
