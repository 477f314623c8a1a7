import { describe, expect, it } from "vitest";
import { dropoutMask, dropoutThreshold, pcg4d, type FourWords } from "./dropout.ref";

describe("pcg4d", () => {
  it("gives the words of the same hash in exact integers, corner values included", () => {
    const corners = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x9e3779b9];
    let compared = 0;
    for (const x of corners)
      for (const y of corners)
        for (const z of corners)
          for (const w of corners) {
            expect(pcg4d([x, y, z, w])).toEqual(exactPcg4d([x, y, z, w]));
            compared++;
          }
    expect(compared).toBe(6 ** 4);
  });

  it("flips each of the upper output bits half of the time when one of the lower 24 input bits flips", () => {
    const trials = 100;
    for (let lane = 0; lane < 4; lane++) {
      let flipped = 0;
      for (let bit = 0; bit < 24; bit++) {
        for (let i = 0; i < trials; i++) {
          const input = [i, i % 7, 77, 42];
          const before = pcg4d(input as unknown as FourWords);
          input[lane]! ^= 1 << bit;
          const after = pcg4d(input as unknown as FourWords);
          before.forEach((word, j) => (flipped += bitCount((word ^ after[j]!) >>> 24)));
        }
      }
      const bits = 24 * trials * 4 * 8;
      expect(Math.abs(flipped - bits / 2)).toBeLessThan(5 * Math.sqrt(bits / 4));
    }
  });
});

describe("dropout reference", () => {
  const params = { probability: 0.1, seed: 42, stream: 7, rows: 300, columns: 401 };
  const count = params.rows * params.columns;

  it("drops the asked share and scales the rest by 1/(1−p)", () => {
    for (const probability of [0.1, 0.5, 0.9]) {
      const { mask } = dropoutMask({ ...params, probability });
      const dropped = mask.filter((value) => value === 0).length;
      // Five standard deviations of a binomial count.
      const tolerance = 5 * Math.sqrt(count * probability * (1 - probability));
      expect(Math.abs(dropped - count * probability)).toBeLessThan(tolerance);
      expect(new Set(mask)).toEqual(new Set([0, 1 / (1 - probability)]));
    }
  });

  it("keeps everything unchanged at p = 0", () => {
    expect(dropoutMask({ ...params, probability: 0 }).mask.every((value) => value === 1)).toBe(true);
  });

  it("drops the words below the threshold and keeps the threshold itself", () => {
    const one = { seed: 42, stream: 7, rows: 1, columns: 1 };
    const word = exactPcg4d([0, 0, 7, 42])[0]!;
    expect(dropoutMask({ ...one, probability: word / 2 ** 32 }).mask[0]).toBeGreaterThan(1);
    expect(dropoutMask({ ...one, probability: (word + 1) / 2 ** 32 }).mask[0]).toBe(0);
  });

  it("takes word j of a quad for column 4q + j", () => {
    const { mask } = dropoutMask({ ...params, rows: 3, columns: 7, probability: 0.5 });
    for (let row = 0; row < 3; row++) {
      for (let column = 0; column < 7; column++) {
        const word = exactPcg4d([row, column >> 2, params.stream, params.seed])[column & 3]!;
        expect(mask[row * 7 + column]).toBe(word >= 2 ** 31 ? 2 : 0);
      }
    }
  });

  it("gives the same mask again, and independent ones for another stream, seed or neighbouring row", () => {
    const half = { ...params, probability: 0.5 };
    const { mask } = dropoutMask(half);
    expect(dropoutMask(half).mask).toEqual(mask);
    const nextRow = dropoutMask({ ...half, rows: params.rows + 1 }).mask.slice(params.columns);
    for (const other of [
      dropoutMask({ ...half, stream: 8 }).mask,
      dropoutMask({ ...half, seed: 43 }).mask,
      nextRow,
    ]) {
      const agreements = mask.filter((value, i) => value === other[i]).length;
      expect(Math.abs(agreements - count / 2)).toBeLessThan(5 * Math.sqrt(count / 4));
    }
  });

  it("has a threshold of ⌊p·2³²⌋ and refuses p outside [0, 1)", () => {
    expect(dropoutThreshold(0.1)).toBe(429496729);
    expect(dropoutThreshold(0.5)).toBe(2147483648);
    expect(() => dropoutThreshold(1)).toThrow("need 0 ≤ p < 1");
    expect(() => dropoutThreshold(-0.1)).toThrow("need 0 ≤ p < 1");
    expect(() => dropoutThreshold(NaN)).toThrow("need 0 ≤ p < 1");
  });
});

/** The published hash in unbounded integers, reduced modulo 2³² after every operation. */
function exactPcg4d(input: FourWords): number[] {
  const v = input.map((word) => (BigInt(word) * 1664525n + 1013904223n) % 2n ** 32n);
  const mix = (): void => {
    for (const [to, a, b] of [
      [0, 1, 3],
      [1, 2, 0],
      [2, 0, 1],
      [3, 1, 2],
    ] as const)
      v[to] = (v[to]! + v[a]! * v[b]!) % 2n ** 32n;
  };
  mix();
  v.forEach((word, i) => (v[i] = word ^ (word / 2n ** 16n)));
  mix();
  return v.map(Number);
}

function bitCount(word: number): number {
  let count = 0;
  for (let rest = word >>> 0; rest !== 0; rest >>>= 1) count += rest & 1;
  return count;
}
