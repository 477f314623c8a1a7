import { describe, expect, it } from "vitest";
import { repeatsAmbiguousGroup } from "./tokenizer-limits";
import { byteLevelJson } from "./tokenizer.fixture";
import { createTokenizer } from "./tokenizer";

describe("a pattern that repeats a group with several ways to match", () => {
  it.each([
    "(a+)+$",
    "(?:a|a)*b",
    "(?:a?){30}a{30}",
    "((a{1,3})b?){2,}",
    "(?:(?:ab|c)d)*",
    "(?=(?:x+x+)+y)",
    "(?<name>\\p{L}*)+",
    "(\\d{1,3})+",
    "[(](a|b)+",
    "\\[(a|b)+",
  ])("is found: %s", (source) => {
    expect(new RegExp(source, "gu").source).toBe(source);
    expect(repeatsAmbiguousGroup(source)).toBe(true);
  });

  it.each([
    "'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+",
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}]*[\\p{Ll}]+(?:'[sS]|'[lL][lL])?|\\p{N}{1,3}|\\s*[\\r\\n]+",
    "(?=(\\d{3})+(?!\\d))",
    "(?:(?=(?:[a]|[bc]))[\\s\\S])+", // [a[bc]]+, as the library writes it
    "(?<![a|b]+)(?:abc)*",
    "\\((a|b)\\)+",
    "(\\d{3}\\u{61}\\p{L})+",
    "[(a|b)*]+",
  ])("is not found: %s", (source) => {
    expect(new RegExp(source, "gu").source).toBe(source);
    expect(repeatsAmbiguousGroup(source)).toBe(false);
  });
});

describe("a tokenizer whose work grows without bound", () => {
  const replace = (from: string, content: string): object => ({
    type: "Replace",
    pattern: { String: from },
    content,
  });
  const nested = { Regex: "(?:[a-z]+)+!" };
  const hostile: [string, object, RegExp][] = [
    ["splits", { pre_tokenizer: { type: "Split", pattern: nested, behavior: "Isolated" } }, /pre_tokenizer/],
    [
      "splits, in a sequence",
      {
        pre_tokenizer: {
          type: "Sequence",
          pretokenizers: [{ type: "Split", pattern: nested, behavior: "Isolated" }],
        },
      },
      /pre_tokenizer/,
    ],
    [
      "normalises, already while it is read",
      {
        normalizer: { type: "Replace", pattern: nested, content: "" },
        added_tokens: [{ id: 999, content: "a".repeat(60), special: false, normalized: true }],
      },
      /normalizer/,
    ],
    ["decodes", { decoder: { type: "Replace", pattern: nested, content: "" } }, /decoder/],
    [
      "doubles a text sixty times",
      {
        normalizer: {
          type: "Sequence",
          normalizers: Array.from({ length: 60 }, () => replace("a", "aa")),
        },
      },
      /64 times as long/,
    ],
  ];
  it.each(hostile)("is refused before it runs: %s", (_, changes, message) => {
    const tokenizer = JSON.stringify({ ...byteLevelJson(), ...changes });
    expect(() => createTokenizer({ tokenizer })).toThrow(message);
  });

  it("is none that replaces a character by another", () => {
    const normalizer = { type: "Sequence", normalizers: [replace(" ", "▁"), replace("``", '"')] };
    const tokenizer = createTokenizer({ tokenizer: JSON.stringify({ ...byteLevelJson(), normalizer }) });
    expect(tokenizer.vocabularySize).toBeGreaterThan(256);
  });

  it("may have a dollar in a replacement, which is only a dollar", () => {
    const normalizer = replace("a", "$&");
    const tokenizer = createTokenizer({ tokenizer: JSON.stringify({ ...byteLevelJson(), normalizer }) });
    expect(tokenizer.decode(tokenizer.encode("bad", { addSpecial: false }), { skipSpecial: false })).toBe(
      "b$&d",
    );
  });
});
