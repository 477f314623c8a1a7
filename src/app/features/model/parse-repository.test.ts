import { expect, it } from "vitest";
import { parseRepository } from "./parse-repository";

it.each([
  ["Qwen/Qwen3-0.6B", "", { repository: "Qwen/Qwen3-0.6B" }],
  ["  https://huggingface.co/Qwen/Qwen3-0.6B/ ", "", { repository: "Qwen/Qwen3-0.6B" }],
  ["huggingface.co/a/b/tree/v1.0", "", { repository: "a/b", revision: "v1.0" }],
  ["https://hf.co/a/b/blob/main/config.json?x=1", "", { repository: "a/b", revision: "main" }],
  ["a/b/tree/v1", "v2", { repository: "a/b", revision: "v2" }],
])("reads %s", (address, revision, expected) => {
  expect(parseRepository(address, revision)).toEqual(expected);
});

it.each(["", "Qwen", "a b/c", "https://huggingface.co/datasets/a/b", "../../etc/passwd"])(
  "refuses %s",
  (address) => {
    expect(parseRepository(address)).toBeUndefined();
  },
);
