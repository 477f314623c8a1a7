// Every normaliser and pre-tokenizer that is read, before the built-in model's vocabulary, and every decoder, against the
// ids and texts that the Rust library gives (reference/tokenizers/make_pipelines.py).

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createTokenizer } from "./tokenizer";

interface Golden {
  readonly texts: readonly string[];
  readonly cases: readonly {
    readonly normalizer: unknown;
    readonly pre_tokenizer: unknown;
    readonly ids: number[][];
  }[];
  /** The decoders' vocabulary, and what they are given of it. */
  readonly tokens: readonly string[];
  readonly sequences: readonly number[][];
  readonly decoders: readonly { readonly decoder: unknown; readonly texts: readonly string[] }[];
}

const golden = JSON.parse(readFileSync("e2e/golden/tokenizer-pipelines.json", "utf8")) as Golden;
const base = JSON.parse(readFileSync("public/models/tabtune-3m/tokenizer.json", "utf8")) as object;

describe("a pipeline gives the Rust library's ids", () => {
  it.each(golden.cases.map((one) => [JSON.stringify(one.normalizer ?? one.pre_tokenizer), one] as const))(
    "%s",
    (_, { normalizer, pre_tokenizer, ids }) => {
      const tokenizer = createTokenizer({
        tokenizer: JSON.stringify({ ...base, normalizer, pre_tokenizer }),
      });
      const found = golden.texts.map((text) => [...tokenizer.encode(text, { addSpecial: false })]);
      expect(found).toEqual(ids);
    },
  );
});

describe("a decoder gives the Rust library's texts", () => {
  const vocab = Object.fromEntries(golden.tokens.map((token, id) => [token, id]));
  it.each(golden.decoders.map((one) => [JSON.stringify(one.decoder), one] as const))(
    "%s",
    (_, { decoder, texts }) => {
      const json = { model: { type: "BPE", vocab, merges: [] }, decoder };
      const tokenizer = createTokenizer({ tokenizer: JSON.stringify(json) });
      expect(golden.sequences.map((ids) => tokenizer.decode(ids, { skipSpecial: false }))).toEqual(texts);
    },
  );
});
