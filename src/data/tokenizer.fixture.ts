// Two small tokenizers for tests, built like those of real models: byte-level BPE with control tokens (as Llama 3, Qwen)
// and SentencePiece-style BPE with byte fallback and a BOS token (as Llama 2).

import { createTokenizer, type Tokenizer } from "./tokenizer";

const special = (content: string, id: number): object => ({
  id,
  content,
  special: true,
  normalized: false,
  lstrip: false,
  rstrip: false,
  single_word: false,
});

/** The 256 characters that GPT-2's alphabet uses for bytes, in byte order. */
function byteAlphabet(): string[] {
  let moved = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    return String.fromCharCode(printable ? byte : 256 + moved++);
  });
}

export const controlTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|begin|>"];

/** tokenizer.json of a byte-level BPE: ids 0 to 255 are bytes, then the merges, then the control tokens. */
export function byteLevelJson(): Record<string, unknown> {
  const merges = [
    "Ġ a",
    "Ġ b",
    "h e",
    "l l",
    "he ll",
    "hell o",
    "Ġ hello",
    "u s",
    "us e",
    "use r",
    "Ġ Â",
    "Ċ Ċ",
    "Ġ Ġ",
    "Ġ ï",
  ];
  const tokens = [...byteAlphabet(), ...merges.map((merge) => merge.replace(" ", ""))];
  return {
    version: "1.0",
    truncation: { max_length: 4, strategy: "LongestFirst", stride: 0, direction: "Right" },
    padding: { strategy: { Fixed: 256 }, direction: "Right", pad_id: 0, pad_type_id: 0, pad_token: "!" },
    added_tokens: controlTokens.map((token, index) => special(token, tokens.length + index)),
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Digits", individual_digits: true },
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: true },
      ],
    },
    post_processor: null,
    decoder: { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
      unk_token: null,
    },
  };
}

/** Byte-level tokenizer whose EOS is <|im_end|>; adds no BOS. */
export function byteLevelTokenizer(): Tokenizer {
  return createTokenizer({
    tokenizer: JSON.stringify(byteLevelJson()),
    tokenizerConfig: JSON.stringify({
      eos_token: "<|im_end|>",
      pad_token: { content: "<|endoftext|>" },
      bos_token: "<|begin|>",
    }),
  });
}

/** tokenizer.json of a SentencePiece-style BPE: <unk>, <s>, </s>, 256 bytes, then pieces; adds <s>. */
export function sentencePieceJson(): Record<string, unknown> {
  const bytes = Array.from(
    { length: 256 },
    (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
  );
  const letters = ["▁", ..."abcdefghijklmnopqrstuvwxyz[]/INSTUERA.:\ufffd"];
  const merges = ["h e", "l l", "he ll", "hell o", "▁ hello", "▁ a", "▁ ▁"];
  const tokens = [
    "<unk>",
    "<s>",
    "</s>",
    ...bytes,
    ...letters,
    ...merges.map((merge) => merge.replace(" ", "")),
  ];
  const bos = { SpecialToken: { id: "<s>", type_id: 0 } };
  return {
    version: "1.0",
    added_tokens: [special("<unk>", 0), special("<s>", 1), special("</s>", 2)],
    normalizer: {
      type: "Sequence",
      normalizers: [
        { type: "Prepend", prepend: "▁" },
        { type: "Replace", pattern: { String: " " }, content: "▁" },
      ],
    },
    pre_tokenizer: null,
    post_processor: {
      type: "TemplateProcessing",
      single: [bos, { Sequence: { id: "A", type_id: 0 } }],
      pair: [],
      special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
    },
    decoder: {
      type: "Sequence",
      decoders: [
        { type: "Replace", pattern: { String: "▁" }, content: " " },
        { type: "ByteFallback" },
        { type: "Fuse" },
        { type: "Strip", content: " ", start: 1, stop: 0 },
      ],
    },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges,
      unk_token: "<unk>",
      fuse_unk: true,
      byte_fallback: true,
    },
  };
}

export function sentencePieceTokenizer(): Tokenizer {
  return createTokenizer({
    tokenizer: JSON.stringify(sentencePieceJson()),
    tokenizerConfig: JSON.stringify({ bos_token: "<s>", eos_token: "</s>" }),
  });
}
