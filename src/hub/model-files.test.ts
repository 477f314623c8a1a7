import { describe, expect, it } from "vitest";
import { chooseModelFiles } from "./model-files";
import { checkRepositoryName } from "./repository";

const files = (...paths: string[]) => paths.map((path) => ({ path, size: 10, gitOid: "0".repeat(40) }));
const choose = (paths: string[], index = "{}") =>
  chooseModelFiles("o/m", "https://hub.example/o/m", files(...paths), async () => index);

describe("choosing a model's files", () => {
  it("takes what is needed and leaves the rest", async () => {
    const { small, weights } = await choose([
      ".gitattributes",
      "README.md",
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "onnx/model.onnx",
      "pytorch_model.bin",
      "tokenizer.json",
      "tokenizer_config.json",
      "training_args.bin",
    ]);
    expect(small.map(({ path }) => path)).toEqual([
      "config.json",
      "tokenizer.json",
      "generation_config.json",
      "tokenizer_config.json",
    ]);
    expect(weights.map(({ path }) => path)).toEqual(["model.safetensors"]);
  });

  it("takes each shard of an index once, in order", async () => {
    const index = '{"weight_map":{"a":"m-2.safetensors","b":"m-1.safetensors","c":"m-2.safetensors"}}';
    const paths = [
      "config.json",
      "tokenizer.json",
      "model.safetensors.index.json",
      "m-1.safetensors",
      "m-2.safetensors",
    ];
    const { small, weights } = await choose(paths, index);
    expect(small.map(({ path }) => path)).toContain("model.safetensors.index.json");
    expect(weights.map(({ path }) => path)).toEqual(["m-1.safetensors", "m-2.safetensors"]);
  });

  const base = ["config.json", "tokenizer.json", "model.safetensors"];
  it.each([
    ["an empty repository", [], /no transformers model/],
    ["a dataset", ["data/train.parquet"], /no transformers model/],
    ["an adapter", ["adapter_config.json", "adapter_model.safetensors"], /an adapter, not a model/],
    ["its makers' files", ["params.json", "consolidated.00.pth"], /makers' original files/],
    ["pickles", [base[0]!, base[1]!, "pytorch_model-00001-of-00002.bin"], /pickle.*discussions.*refs\/pr\/1/],
    ["GGUF", [base[0]!, "m.Q4_K_M.gguf"], /GGUF.*m\.Q4_K_M\.gguf/],
    ["ONNX", [base[0]!, "onnx/model.onnx"], /something else/],
    ["a SentencePiece model alone", [base[0]!, base[2]!, "tokenizer.model"], /only a SentencePiece model/],
    ["no tokenizer", [base[0]!, base[2]!], /tokenizer\.json is missing\. Choose/],
  ])("says what is missing in %s", async (_, paths, message) => {
    await expect(choose(paths)).rejects.toMatchObject({
      name: "unsupported-model",
      message: expect.stringMatching(message),
    });
  });
});

describe("a repository's name", () => {
  it.each([
    ["HuggingFaceTB/SmolLM2-135M-Instruct", "HuggingFaceTB/SmolLM2-135M-Instruct"],
    [" https://huggingface.co/Qwen/Qwen3-0.6B/ ", "Qwen/Qwen3-0.6B"],
    ["gpt2", "gpt2"],
  ])("%s is read as %s", (given, name) => expect(checkRepositoryName(given)).toBe(name));

  it.each(["", "a/b/c", "../x", "a/..", "a b", "a/b?x=1", "/a", "a/b.git", "https://evil.example/a/b"])(
    "is not %j",
    (given) => expect(() => checkRepositoryName(given)).toThrow(/no repository's name/),
  );
});
