// Rewrites a parsed tokenizer.json so that the JavaScript library splits text exactly as the Rust library does. Three
// differences change ids: JavaScript's \s counts U+FEFF as white space and U+0085 not, its Digits splitter knows decimal
// digits only, where Rust's takes every numeric character (½, Ⅷ, ٣), and "$" means something in its replacements.
//
// In one thing it is better than Rust on purpose: control tokens are recognised wherever they stand. Early Llama 2 files
// mark theirs as "normalized", which makes "</s>" behind a word plain text, and a model trained on that never stops.

type Json = Record<string, unknown>;

/** GPT-2's split, as ByteLevel applies it (https://github.com/openai/gpt-2/blob/master/src/encoder.py), in Unicode terms. */
const byteLevelSplit =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\p{White_Space}\\p{L}\\p{N}]+|\\p{White_Space}+(?!\\P{White_Space})|\\p{White_Space}+";

/** A copy with the pre-tokenizer rewritten and absent parts as null, without truncation and padding. */
export function likeRust(tokenizer: Json): Json {
  const parts = { normalizer: null, post_processor: null, decoder: null, ...tokenizer };
  const addedTokens = ((tokenizer["added_tokens"] ?? []) as Json[]).map((token) =>
    token["special"] === true ? { ...token, normalized: false } : token,
  );
  return {
    ...parts,
    added_tokens: addedTokens,
    truncation: null,
    padding: null,
    normalizer: literalReplacements(parts.normalizer),
    pre_tokenizer: rewrite(tokenizer["pre_tokenizer"] ?? null),
    decoder: literalReplacements(parts.decoder),
  };
}

function literalReplacements(step: unknown): unknown {
  if (typeof step !== "object" || step === null) return null;
  const config: Json = { ...step };
  for (const list of ["normalizers", "decoders"]) {
    if (Array.isArray(config[list])) config[list] = config[list].map(literalReplacements);
  }
  if (config["type"] === "Replace" && typeof config["content"] === "string") {
    config["content"] = config["content"].replaceAll("$", "$$$$");
  }
  return config;
}

function rewrite(step: unknown): unknown {
  if (typeof step !== "object" || step === null) return null;
  const config = step as Json;
  switch (config["type"]) {
    case "Sequence":
      return { ...config, pretokenizers: ((config["pretokenizers"] ?? []) as unknown[]).map(rewrite) };
    case "Digits":
      return split(config["individual_digits"] ? "\\p{N}" : "\\p{N}+");
    case "ByteLevel":
      // With add_prefix_space the space must come before the split; such tokenizers keep the library's own pattern.
      if (config["use_regex"] === false || config["add_prefix_space"] === true) return config;
      return { type: "Sequence", pretokenizers: [split(byteLevelSplit), { ...config, use_regex: false }] };
    case "Split": {
      const pattern = (config["pattern"] as Json | undefined)?.["Regex"];
      return typeof pattern === "string" ? { ...config, pattern: { Regex: unicodeSpace(pattern) } } : config;
    }
    default:
      return config;
  }
}

function split(regex: string): Json {
  return { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false };
}

/** \s and \S by the Unicode property; escaped backslashes before an s are left alone. */
function unicodeSpace(regex: string): string {
  return regex.replace(/\\(.)/gs, (whole, character: string) =>
    character === "s" ? "\\p{White_Space}" : character === "S" ? "\\P{White_Space}" : whole,
  );
}
