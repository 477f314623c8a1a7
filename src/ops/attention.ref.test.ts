import { describe, expect, it } from "vitest";
import { gradcheck } from "../testing/gradcheck";
import { documentsOf, normalNumbers } from "../testing/numbers";
import { attention, attentionBackward } from "./attention.ref";

interface Case {
  readonly name: string;
  readonly documents: readonly number[];
  readonly queryHeads: number;
  readonly keyHeads: number;
  readonly headSize: number;
  readonly past?: number;
  /** Keys behind the last query's own, as in a cache that is not full. */
  readonly spare?: number;
  readonly window?: number;
  readonly cap?: number;
}

const cases: readonly Case[] = [
  { name: "one head over seven tokens", documents: [7], queryHeads: 1, keyHeads: 1, headSize: 3 },
  { name: "six heads over two key heads", documents: [5], queryHeads: 6, keyHeads: 2, headSize: 4 },
  { name: "three packed documents", documents: [1, 7, 3], queryHeads: 4, keyHeads: 2, headSize: 3 },
  { name: "one new token over a cache", documents: [1], queryHeads: 4, keyHeads: 2, headSize: 5, past: 6 },
  {
    name: "three new tokens over a cache that is not full",
    documents: [3],
    queryHeads: 3,
    keyHeads: 1,
    headSize: 2,
    past: 4,
    spare: 2,
  },
  {
    name: "windows of three keys in packed documents",
    documents: [2, 7],
    queryHeads: 4,
    keyHeads: 2,
    headSize: 3,
    window: 3,
  },
  {
    name: "a window over a cache",
    documents: [2],
    queryHeads: 2,
    keyHeads: 1,
    headSize: 3,
    past: 5,
    window: 4,
  },
  { name: "capped scores", documents: [6], queryHeads: 2, keyHeads: 1, headSize: 3, cap: 1.5 },
];

function inputsOf({ documents, queryHeads, keyHeads, headSize, past = 0, spare = 0, window, cap }: Case) {
  const { segmentStart } = documentsOf(documents);
  const keys = (past + segmentStart.length + spare) * keyHeads * headSize;
  return {
    shape: {
      queryHeads,
      keyHeads,
      headSize,
      past,
      segmentStart,
      scale: 1 / Math.sqrt(headSize),
      window,
      cap,
    },
    inputs: {
      q: normalNumbers(1, segmentStart.length * queryHeads * headSize),
      k: normalNumbers(2, keys),
      v: normalNumbers(3, keys),
    },
  };
}

describe("attention reference", () => {
  for (const each of cases) {
    it(`has the gradients of its forward pass for ${each.name}`, () => {
      const { shape, inputs } = inputsOf(each);
      gradcheck({
        inputs,
        forward: (at) => ({ o: attention({ ...shape, ...at }).o }),
        backward: (at, { o: dO }) => {
          const { dq, dk, dv } = attentionBackward({ ...shape, ...at, dO });
          return { q: dq, k: dk, v: dv };
        },
      });
    });
  }

  it("has no gradient of query and key where a token sees only itself, and copies the value", () => {
    const { shape, inputs } = inputsOf({
      name: "",
      documents: [1, 1],
      queryHeads: 2,
      keyHeads: 1,
      headSize: 3,
    });
    const { v } = inputs;
    const { o } = attention({ ...shape, ...inputs });
    expect(o).toEqual(Float64Array.of(...v.slice(0, 3), ...v.slice(0, 3), ...v.slice(3), ...v.slice(3)));
    gradcheck({
      inputs,
      forward: (at) => ({ o: attention({ ...shape, ...at }).o }),
      backward: (at, { o: dO }) => {
        const { dq, dk, dv } = attentionBackward({ ...shape, ...at, dO });
        return { q: dq, k: dk, v: dv };
      },
      vanishing: ["q", "k"],
    });
  });

  it("sees the last keys of its window alone", () => {
    const { shape, inputs } = inputsOf({ name: "", documents: [5], queryHeads: 2, keyHeads: 1, headSize: 3 });
    const narrow = attention({ ...shape, ...inputs, window: 2 });
    // Query 4 with keys 3 and 4 is a document that begins at 3.
    const begins = attention({ ...shape, ...inputs, segmentStart: Uint32Array.of(0, 0, 0, 0, 3) });
    expect(narrow.o.slice(4 * 6)).toEqual(begins.o.slice(4 * 6));
    expect(attention({ ...shape, ...inputs, window: 5 })).toEqual(attention({ ...shape, ...inputs }));
  });

  it("weighs keys by the softmax of the scaled products", () => {
    // Scores of the second query: 2·ln 3 ·½ = ln 3 for the first key, 0 for the second. Weights 3/4 and 1/4.
    const { o, lse } = attention({
      queryHeads: 1,
      keyHeads: 1,
      headSize: 1,
      scale: 0.5,
      q: Float64Array.of(1, 2),
      k: Float64Array.of(Math.log(3), 0),
      v: Float64Array.of(8, 4),
      segmentStart: Uint32Array.of(0, 0),
    });
    expect([...o]).toEqual([8, expect.closeTo(7, 14)]);
    expect([...lse]).toEqual([expect.closeTo(Math.log(3) / 2, 14), expect.closeTo(Math.log(4), 14)]);
  });

  it("gives packed documents what each gets alone", () => {
    const lengths = [2, 5, 1];
    const row = { q: 4 * 3, k: 2 * 3 };
    const { shape, inputs } = inputsOf({
      name: "",
      documents: lengths,
      queryHeads: 4,
      keyHeads: 2,
      headSize: 3,
    });
    const packed = attention({ ...shape, ...inputs });
    let start = 0;
    for (const length of lengths) {
      const end = start + length;
      const alone = attention({
        ...shape,
        q: inputs.q.slice(start * row.q, end * row.q),
        k: inputs.k.slice(start * row.k, end * row.k),
        v: inputs.v.slice(start * row.k, end * row.k),
        segmentStart: new Uint32Array(length),
      });
      expect(packed.o.slice(start * row.q, end * row.q)).toEqual(alone.o);
      expect(packed.lse.slice(start * 4, end * 4)).toEqual(alone.lse);
      start = end;
    }
  });

  it("gives tokens over a cache what they get in one pass", () => {
    const { shape, inputs } = inputsOf({
      name: "",
      documents: [7],
      queryHeads: 4,
      keyHeads: 2,
      headSize: 3,
    });
    const whole = attention({ ...shape, ...inputs });
    const tail = attention({
      ...shape,
      ...inputs,
      q: inputs.q.slice(5 * 12),
      past: 5,
      segmentStart: new Uint32Array(2),
    });
    expect(tail.o).toEqual(whole.o.slice(5 * 12));
    expect(tail.lse).toEqual(whole.lse.slice(5 * 4));
  });

  it("lets query head h read key head ⌊h·G/H⌋", () => {
    const { shape, inputs } = inputsOf({
      name: "",
      documents: [4],
      queryHeads: 6,
      keyHeads: 2,
      headSize: 3,
    });
    const source = [0, 0, 0, 1, 1, 1];
    const repeated = (array: Float64Array): Float64Array =>
      Float64Array.from({ length: 4 * 18 }, (_, i) => {
        const [token, head, d] = [Math.floor(i / 18), Math.floor(i / 3) % 6, i % 3];
        return array[(token * 2 + source[head]!) * 3 + d]!;
      });
    const { q, k, v } = inputs;
    const ungrouped = attention({ ...shape, keyHeads: 6, q, k: repeated(k), v: repeated(v) });
    expect(attention({ ...shape, q, k, v })).toEqual(ungrouped);
  });

  it("stays finite for scores far beyond the range of exp", () => {
    const { shape, inputs } = inputsOf({ name: "", documents: [3], queryHeads: 1, keyHeads: 1, headSize: 2 });
    const q = inputs.q.map((value) => value * 1e5);
    const { o, lse } = attention({ ...shape, ...inputs, q });
    expect([...o, ...lse].every(Number.isFinite)).toBe(true);
  });

  it("refuses heads that do not divide, keys that are missing and a first key behind the query", () => {
    const { shape, inputs } = inputsOf(cases[1]!);
    expect(() => attention({ ...shape, ...inputs, keyHeads: 4 })).toThrow("need a multiple of 4");
    expect(() => attention({ ...shape, ...inputs, past: 1 })).toThrow("got 5 keys, need at least 1 + 5");
    const segmentStart = Uint32Array.of(0, 2, 0, 0, 0);
    expect(() => attention({ ...shape, ...inputs, segmentStart })).toThrow("got first key 2 for query 1");
  });
});
