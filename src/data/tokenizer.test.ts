import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createTokenStream } from "./token-stream";
import { createTokenizer, type Tokenizer } from "./tokenizer";
import {
  byteLevelJson,
  byteLevelTokenizer,
  sentencePieceJson,
  sentencePieceTokenizer,
} from "./tokenizer.fixture";

const tokenizers: [string, Tokenizer][] = [
  ["byte-level", byteLevelTokenizer()],
  ["SentencePiece", sentencePieceTokenizer()],
];
const texts = [
  "hello",
  " hello  a",
  "hello<|im_end|>\nhello",
  "naïve 🙂👩‍👩‍👧 end",
  "12½ Ⅷ",
  "a\n\n",
  "</s>a <s> hello",
  "日本語",
  "",
];

/** What the tokens, read one after another, cover of the text. */
function covered(tokenizer: Tokenizer, text: string, begin: number, finish: number): string {
  const { ids, tokensOf } = tokenizer.encodeAligned(text);
  const { first, end } = tokensOf(begin, finish);
  return tokenizer.decode(ids.slice(first, end), { skipSpecial: false });
}

describe.each(tokenizers)("a %s tokenizer", (_, tokenizer) => {
  // Behind a control token the SentencePiece normaliser puts a space, here as in the Rust library.
  it.each(texts.filter((text) => !text.includes("<s>")))("decodes %j to itself", (text) => {
    expect(tokenizer.decode(tokenizer.encode(text, { addSpecial: false }), { skipSpecial: false })).toBe(
      text,
    );
  });

  it.each(texts)(
    "aligns the tokens of %j exactly: each character lies in the tokens found for it",
    (text) => {
      const { ids, exact, tokensOf } = tokenizer.encodeAligned(text);
      expect(exact).toBe(true);
      expect(tokensOf(0, text.length)).toEqual({ first: 0, end: ids.length });
      let at = 0;
      for (const character of text) {
        expect(covered(tokenizer, text, at, at + character.length)).toContain(
          character === " " ? "" : character,
        );
        at += character.length;
      }
    },
  );

  it.each(texts)("streams %j without ever giving half a character", (text) => {
    const stream = createTokenStream(tokenizer);
    let out = "";
    const ids = tokenizer.encode(text, { addSpecial: false });
    for (const id of ids) {
      const part = stream.push(id);
      expect(part).not.toContain("\ufffd");
      out += part;
    }
    expect(out + stream.flush()).toBe(tokenizer.decode(ids, { skipSpecial: true }));
  });

  it("reads half a surrogate pair as U+FFFD", () => {
    const ids = (text: string): number[] => [...tokenizer.encode(text, { addSpecial: false })];
    expect(ids("a\ud83d b\udc00")).toEqual(ids("a\ufffd b\ufffd"));
  });

  it("continues a text with the space that a text of its own would drop", () => {
    const ids = tokenizer.encode("The fox lived on the moon", { addSpecial: false });
    const end = ids.length - 1;
    const stream = createTokenStream(tokenizer, ids.slice(0, end));
    const before = tokenizer.decode(ids.slice(0, end), { skipSpecial: true });
    expect(before + stream.push(ids[end]!)).toBe("The fox lived on the moon");
  });

  it("flushes an incomplete character as U+FFFD", () => {
    const stream = createTokenStream(tokenizer);
    const ids = tokenizer.encode("🙂", { addSpecial: false });
    const pushed = [...ids.slice(0, -1)].map((id) => stream.push(id)).join("");
    expect(pushed.trim()).toBe("");
    expect(stream.flush()).toContain("\ufffd");
  });

  it("leaves out ids that the vocabulary lacks when decoding", () => {
    expect(tokenizer.decode([tokenizer.vocabularySize + 5], { skipSpecial: false })).toBe("");
  });
});

describe("the byte-level tokenizer", () => {
  const tokenizer = byteLevelTokenizer();
  const encode = (text: string): number[] => [...tokenizer.encode(text, { addSpecial: true })];

  it("ignores the padding and truncation of tokenizer.json", () => {
    expect(encode("zzzzzz")).toHaveLength(6);
  });

  it("splits every numeric character and treats U+FEFF as no space, like the Rust library", () => {
    expect(encode("12")).toHaveLength(2);
    // Ids from tokenizers 0.23.3 (Python) for the same tokenizer.json.
    expect(encode("x ½2")).toEqual(RUST_HALF);
    expect(encode(" \ufeffa")).toEqual(RUST_MARK);
  });

  it("knows its special ids from either spelling", () => {
    expect(tokenizer.eosToken).toBe("<|im_end|>");
    expect(tokenizer.eosIds).toEqual([tokenizer.idOf("<|im_end|>")]);
    expect(tokenizer.padId).toBe(tokenizer.idOf("<|endoftext|>"));
    expect(tokenizer.bosToken).toBe("<|begin|>");
    expect(tokenizer.isSpecial(tokenizer.eosId!)).toBe(true);
    expect(tokenizer.isSpecial(0)).toBe(false);
    expect(tokenizer.vocabularySize).toBe(256 + 14 + 4);
  });

  it("finds a token that lies across a border from both sides", () => {
    expect(covered(tokenizer, "x a", 0, 2)).toBe("x a");
    expect(covered(tokenizer, "x a", 2, 3)).toBe(" a");
    expect(covered(tokenizer, "x a", 2, 2)).toBe("");
  });

  it("aligns text that its normaliser composes", () => {
    const text = "e\u0301 hello";
    expect(tokenizer.encodeAligned(text).exact).toBe(true);
    expect(covered(tokenizer, text, 2, text.length)).toBe(" hello");
  });

  it("falls back to tokenising again where text and tokens differ", () => {
    const lower = { ...byteLevelJson(), normalizer: { type: "Lowercase" } };
    const tokenizer = createTokenizer({ tokenizer: JSON.stringify(lower) });
    expect(tokenizer.encodeAligned("A HELLO B").exact).toBe(false);
    expect(covered(tokenizer, "A HELLO B", 1, 7)).toBe(" hello");
    expect(covered(tokenizer, "A HELLO B", 7, 9)).toBe(" b");
    expect(covered(tokenizer, "X A", 0, 2)).toBe("x a");
  });
});

describe("special ids", () => {
  const tokenizer = JSON.stringify(byteLevelJson());

  it("join the tokenizer's EOS and all of generation_config's, the tokenizer's first", () => {
    const joined = createTokenizer({
      tokenizer,
      tokenizerConfig: '{"eos_token": "<|im_end|>"}',
      generationConfig: '{"eos_token_id": [270, 272]}',
    });
    expect(joined.eosIds).toEqual([272, 270]);
  });

  it("come from special_tokens_map or config.json where nothing else names them", () => {
    expect(
      createTokenizer({ tokenizer, specialTokensMap: '{"eos_token": {"content": "<|endoftext|>"}}' }).eosIds,
    ).toEqual([270]);
    expect(
      createTokenizer({ tokenizer, modelConfig: '{"eos_token_id": 271, "bos_token_id": 273}' }),
    ).toMatchObject({ eosIds: [271], bosId: 273 });
  });

  it("are absent where nothing names them", () => {
    expect(createTokenizer({ tokenizer, tokenizerConfig: '{"eos_token": null}' })).toMatchObject({
      eosId: undefined,
      eosIds: [],
      eosToken: "",
    });
  });
});

describe("the SentencePiece tokenizer", () => {
  const tokenizer = sentencePieceTokenizer();

  it("adds BOS only when asked", () => {
    expect(tokenizer.encode("a", { addSpecial: true })[0]).toBe(tokenizer.bosId);
    expect(tokenizer.encode("a", { addSpecial: false })[0]).not.toBe(tokenizer.bosId);
  });

  it("recognises a control token behind a word even when its file calls it normalised", () => {
    const json = sentencePieceJson();
    const added = (json["added_tokens"] as object[]).map((token) => ({ ...token, normalized: true }));
    const early = createTokenizer({ tokenizer: JSON.stringify({ ...json, added_tokens: added }) });
    const ids = early.encode("hello</s>hello", { addSpecial: false });
    expect([...ids]).toEqual([...tokenizer.encode("hello</s>hello", { addSpecial: false })]);
    expect([...ids]).toContain(tokenizer.eosId);
  });

  it("aligns around control tokens, behind which it puts a space that the text hasn't", () => {
    const text = "hello</s>hello a";
    expect(covered(tokenizer, text, 9, 14)).toBe("hello");
    expect(covered(tokenizer, text, 5, 9)).toBe("</s>");
    const { ids, tokensOf } = tokenizer.encodeAligned("</s>日");
    expect(tokensOf(4, 5)).toEqual({ first: 1, end: ids.length });
  });
});

describe("a tokenizer file", () => {
  const withPart = (preTokenizer: object): string =>
    JSON.stringify({ ...sentencePieceJson(), pre_tokenizer: preTokenizer });
  const withModel = (changes: object): string =>
    JSON.stringify({ model: { type: "BPE", vocab: { a: 0, b: 1 }, merges: [], ...changes } });
  const faults: [string, string, RegExp][] = [
    ["no JSON", "{", /bad-model-file: tokenizer\.json: no valid JSON/],
    ["a list", "[]", /bad-model-file: tokenizer\.json: it must be a JSON object/],
    ["a Git LFS pointer", "version https://git-lfs.github.com/spec/v1", /LFS pointer/],
    ["without a model", "{}", /bad-model-file: .*model is missing; expected an object with "vocab"/],
    [
      "of another kind",
      '{"model": {"type": "Unigram", "vocab": []}}',
      /unsupported-model: .*"Unigram"; only BPE/,
    ],
    [
      "without merges",
      '{"model": {"type": "BPE", "vocab": {"a": 0}}}',
      /model\.merges is missing; expected a list/,
    ],
    [
      "with a merge of one token",
      withModel({ merges: ["ab"] }),
      /model\.merges\[0\] is "ab"; expected two tokens/,
    ],
    [
      "with a text for an id",
      withModel({ vocab: { a: "0" } }),
      /model\.vocab\["a"\] is "0"; expected a whole number/,
    ],
    ["with an id of a billion", withModel({ vocab: { a: 1e9 } }), /expected a whole number below 10000000/],
    [
      "with dropout",
      withModel({ dropout: 0.1 }),
      /unsupported-model: .*model\.dropout is 0\.1; only 0 is read/,
    ],
    [
      "with an unknown step",
      withPart({ type: "Novel" }),
      /unsupported-model: .*pre_tokenizer is of the type "Novel"/,
    ],
    ["with a step without a type", withPart({}), /pre_tokenizer is \{\}; expected an object with a "type"/],
    [
      "with a number for a list",
      withPart({ type: "Sequence", pretokenizers: 7 }),
      /pre_tokenizer\.pretokenizers is 7; expected a list/,
    ],
    [
      "with an empty pattern",
      withPart({ type: "Sequence", pretokenizers: [{ type: "Split", pattern: {} }] }),
      /pre_tokenizer\.pretokenizers\[0\]\.pattern is \{\}; expected a pattern/,
    ],
    [
      "with an unknown behavior",
      withPart({ type: "Split", pattern: { String: "a" }, behavior: "Kept" }),
      /behavior is "Kept"; expected "Removed" or "Isolated"/,
    ],
    [
      "with a pattern that no engine compiles",
      withPart({ type: "Split", pattern: { Regex: "x".repeat(200_000) } }),
      /^bad-model-file: tokenizer\.json: it can't be used \(.{1,300}too large\)/s,
    ],
    [
      "with a broken template",
      JSON.stringify({ ...sentencePieceJson(), post_processor: { type: "TemplateProcessing", single: [7] } }),
      /post_processor\.single\[0\] is 7; expected a SpecialToken or a Sequence/,
    ],
    [
      "with a template's name for another token",
      JSON.stringify({
        ...sentencePieceJson(),
        post_processor: {
          type: "TemplateProcessing",
          single: [{ SpecialToken: { id: "BOS", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
          special_tokens: { BOS: { id: "BOS", ids: [1], tokens: ["<s>"] } },
        },
      }),
      /unsupported-model: .*special_tokens\["BOS"\]\.tokens is \["<s>"\]; only \["BOS"\] is read/,
    ],
    [
      "with an added token that is null",
      JSON.stringify({ ...sentencePieceJson(), added_tokens: [null] }),
      /added_tokens\[0\] is null; expected an object/,
    ],
    [
      "with added tokens that are whole words only",
      JSON.stringify({ ...sentencePieceJson(), added_tokens: [{ id: 1, content: "x", single_word: true }] }),
      /unsupported-model: .*added_tokens\[0\]\.single_word is true; only false is read/,
    ],
  ];
  it("without an unknown token leaves out what it lacks before it merges, as the Rust library does", () => {
    const { encode } = createTokenizer({
      tokenizer: withModel({ vocab: { a: 0, b: 1, ab: 2 }, merges: ["a b"] }),
    });
    const ids = ["a?b", "?", "日ab?a"].map((text) => [...encode(text, { addSpecial: false })]);
    expect(ids).toEqual([[2], [], [2, 0]]);
  });

  it.each(faults)("that is %s is refused", (_, tokenizer, message) => {
    let said = "";
    try {
      createTokenizer({ tokenizer });
    } catch (error) {
      said = `${(error as Error).name}: ${(error as Error).message}`;
    }
    expect(said).toMatch(message);
  });
});

// Ids and texts written by the Rust library, where the collection lies beside the repository.
const collection = new URL("../../../shared/data/tokenizers/", import.meta.url);
const goldenFile = new URL("golden-hf/encodings.json", collection);
describe.runIf(existsSync(goldenFile))("published tokenizers", () => {
  interface Golden {
    texts: string[];
    encodings: Record<string, { ids: number[]; ids_special: number[] | null; decoded: string | null }[]>;
  }
  const golden = existsSync(goldenFile)
    ? (JSON.parse(readFileSync(goldenFile, "utf8")) as Golden)
    : { texts: [], encodings: {} };
  const present = Object.keys(golden.encodings).filter((file) => existsSync(new URL(file, collection)));

  it.each(present)(
    "%s gives the Rust library's ids and texts",
    (file) => {
      const tokenizer = createTokenizer({ tokenizer: readFileSync(new URL(file, collection), "utf8") });
      golden.encodings[file]!.forEach((expected, i) => {
        const text = golden.texts[i]!;
        expect([...tokenizer.encode(text, { addSpecial: false })], text).toEqual(expected.ids);
        expect([...tokenizer.encode(text, { addSpecial: true })], text).toEqual(
          expected.ids_special ?? expected.ids,
        );
        expect(tokenizer.decode(expected.ids, { skipSpecial: false }), text).toBe(expected.decoded ?? text);
        expect(tokenizer.encodeAligned(text).exact, text).toBe(true);
      });
    },
    30_000,
  );
});

const RUST_HALF = [120, 32, 194, 189, 50];
const RUST_MARK = [269, 187, 191, 97];
