import { describe, expect, it } from "vitest";
import { jsonLimits, parseJson, parseJsonObject, shownJson } from "./json";

const nested = (levels: number, inside = ""): string => "[".repeat(levels) + inside + "]".repeat(levels);

describe("JSON from outside", () => {
  it("is read up to the limits, and refused one beyond them", () => {
    expect(JSON.stringify(parseJson(nested(jsonLimits.levels), "f"))).toBe(nested(jsonLimits.levels));
    expect(() => parseJson(nested(jsonLimits.levels + 1), "f")).toThrow(
      /^f: brackets are nested more than 100/,
    );
    const list = (values: number): string => `[${"0,".repeat(values - 2)}0]`;
    expect(parseJson(list(jsonLimits.values), "f")).toHaveLength(jsonLimits.values - 1);
    expect(() => parseJson(list(jsonLimits.values + 1), "f")).toThrow(
      /^f: it holds more than 5000000 values/,
    );
    const objects = `[${"{},".repeat(jsonLimits.values / 2)}{}]`;
    expect(() => parseJson(objects, "f")).toThrow(/more than 5000000 values/);
  });

  it.each([nested(200).slice(0, 150), '"'.repeat(3), '"\\', '["\\"', "]]]]", "", "[1,2", "nonsense"])(
    "that is none is refused: %s",
    (text) => {
      expect(() => parseJson(text, "f.json", "bad-adapter")).toThrow(
        expect.objectContaining({
          name: "bad-adapter",
          message: expect.stringMatching(/^f\.json: /) as string,
        }),
      );
    },
  );

  it("may hold any brackets and commas in its texts", () => {
    const text = `${"[".repeat(500)}\\"${"{,".repeat(500)}\\\\`;
    expect(parseJson(`{"a":"${text}","b":["\\\\"]}`, "f")).toEqual({
      a: JSON.parse(`"${text}"`) as string,
      b: ["\\"],
    });
  });

  it("that closes more than it opens can't nest deeper for it", () => {
    expect(() => parseJson("]".repeat(1000) + nested(1000), "f")).toThrow(/no valid JSON/);
  });

  it("that is a pointer to the real file says so", () => {
    expect(() => parseJson("version https://git-lfs.github.com/spec/v1\n", "tokenizer.json")).toThrow(
      /tokenizer\.json: it is a Git LFS pointer, run `git lfs pull`/,
    );
  });

  it.each(["null", "[1]", "7", '"text"'])("is no object: %s", (text) => {
    expect(() => parseJsonObject(text, "f.json")).toThrow(/^f\.json: it must be a JSON object\.$/);
  });
});

it("a value is shown as its JSON, shortened", () => {
  expect([null, undefined, "a", [1, { b: 2 }]].map(shownJson)).toEqual([
    "null",
    "undefined",
    '"a"',
    '[1,{"b":2}]',
  ]);
  expect(shownJson("x".repeat(1e6))).toHaveLength(58);
});
