import { describe, expect, it } from "vitest";
import { waysToMatch } from "./tokenizer-limits";
import { byteLevelJson } from "./tokenizer.fixture";
import { createTokenizer } from "./tokenizer";

describe("the ways in which a pattern may match a thousand characters", () => {
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
    "(?:(?:a+)b|c){2}",
  ])("are infinitely many: %s", (source) => {
    expect(new RegExp(source, "gu").source).toBe(source);
    expect(waysToMatch(source)).toBe(Infinity);
  });

  it.each([
    ["a", 1],
    ["a+", 1], // never undone
    ["a+b", 1000],
    ["a*b", 1001],
    ["a*?b*?c", 1001 ** 2],
    [".*.*.*=", 1001 ** 3],
    ["a{2,5}b{0,1}c", 8],
    ["a{5,}b", 996],
    ["a?".repeat(30) + "b", 2 ** 30],
    ["(?:a|aa)".repeat(20) + "b", 2 ** 20],
    ["(?:a*b|c)d", 1002],
    ["a*b|c*d*e|f", 1001 ** 2],
    ["a*(?=b)", 1001],
    ["(?<!a*b)c", 1001],
    ["(?<name>a*)\\u{62}", 1001],
    ["(?i:a|b)?c*", 1],
    ["\\{2,5\\}b", 1], // braces, no quantifier
    ["'(?:[sdmt]|ll|ve|re)| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+", 1000],
    [
      "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}]*[\\p{Ll}]+(?:'[sS]|'[lL][lL])?|\\p{N}{1,3}|\\s*[\\r\\n]+",
      2 * 1001,
    ],
    ["(?=(\\d{3})+(?!\\d))", 1000],
    ["(?:(?=(?:[a]|[bc]))[\\s\\S])+", 1], // [a[bc]]+, as the library writes it
    ["(?<![a|b]+)(?:abc)*", 1],
    ["\\((a|b)\\)+", 2],
    ["(\\d{3}\\u{61}\\p{L})+", 1],
    ["[(a|b)*]+", 1],
  ])("of %s are %i", (source, ways) => {
    expect(waysToMatch(source)).toBe(ways);
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
    [
      "splits by a line with four equal signs",
      { pre_tokenizer: { type: "Split", pattern: { Regex: ".*=.*=.*=.*=" }, behavior: "Isolated" } },
      /pre_tokenizer/,
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
    [
      "puts a page in front",
      { normalizer: { type: "Prepend", prepend: "x".repeat(5000) } },
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
