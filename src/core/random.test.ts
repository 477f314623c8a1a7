import { describe, expect, it } from "vitest";
import { createRandom } from "./random";

const take = (count: number, next: () => number): number[] => Array.from({ length: count }, next);

describe("random", () => {
  it("repeats itself for the same seed and stream", () => {
    expect(take(50, createRandom(7, 3).uint32)).toEqual(take(50, createRandom(7, 3).uint32));
  });

  it("differs between seeds, streams and seeds that differ above 32 bits", () => {
    const first = take(4, createRandom(1).uint32).join();
    for (const other of [createRandom(2), createRandom(1, 1), createRandom(1 + 2 ** 32)]) {
      expect(take(4, other.uint32).join()).not.toBe(first);
    }
  });

  it("keeps its sequence from version to version, so that runs can be replayed", () => {
    expect(take(4, createRandom(42).uint32)).toEqual(FIRST_OF_SEED_42);
  });

  it("is uniform: mean, variance and every bit within four standard errors", () => {
    const random = createRandom(11);
    const count = 100_000;
    const values = take(count, random.uniform);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - 0.5) ** 2, 0) / count;
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / count));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / count));
    const ones = new Array<number>(32).fill(0);
    for (let i = 0; i < 20_000; i++) {
      const word = random.uint32();
      for (let bit = 0; bit < 32; bit++) ones[bit]! += (word >>> bit) & 1;
    }
    for (const seen of ones) expect(Math.abs(seen - 10_000)).toBeLessThan(4.5 * Math.sqrt(5_000));
  });

  it("is normal: first four moments within five standard errors", () => {
    const random = createRandom(12);
    const count = 100_000;
    const values = take(count, random.normal);
    const moment = (power: number): number => values.reduce((sum, value) => sum + value ** power, 0) / count;
    // Variances of x, x², x³, x⁴ under the standard normal: 1, 2, 15, 96.
    for (const [power, expected, variance] of [
      [1, 0, 1],
      [2, 1, 2],
      [3, 0, 15],
      [4, 3, 96],
    ] as const) {
      expect(Math.abs(moment(power) - expected)).toBeLessThan(5 * Math.sqrt(variance / count));
    }
  });

  it("draws below a limit evenly and never outside", () => {
    const random = createRandom(13);
    const seen = new Array<number>(3).fill(0);
    for (let i = 0; i < 30_000; i++) seen[random.below(3)]! += 1;
    expect(seen.reduce((sum, value) => sum + value)).toBe(30_000);
    for (const value of seen)
      expect(Math.abs(value - 10_000)).toBeLessThan(5 * Math.sqrt(30_000 * (1 / 3) * (2 / 3)));
  });

  it("has no modulo bias where it would show most", () => {
    const random = createRandom(15);
    // 2^32 holds this limit once and a third: taking the remainder would give a value below 2^30 half of the time.
    const low = take(9_000, () => random.below(3 * 2 ** 30)).filter((value) => value < 2 ** 30).length;
    expect(Math.abs(low - 3_000)).toBeLessThan(5 * Math.sqrt(9_000 * (1 / 3) * (2 / 3)));
  });

  it("shuffles to every order of four about equally often", () => {
    const random = createRandom(14);
    const orders = new Map<string, number>();
    for (let i = 0; i < 24_000; i++) {
      const order = random.shuffle([0, 1, 2, 3]).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
    expect(orders.size).toBe(24);
    for (const seen of orders.values()) expect(Math.abs(seen - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });

  it("refuses seeds that are no whole numbers", () => {
    expect(() => createRandom(0.5)).toThrow(/seed 0.5/);
    expect(() => createRandom(-1)).toThrow(/seed -1/);
  });
});

/** Written by a second implementation (Python) of sfc32 with the same seeding. */
const FIRST_OF_SEED_42 = [1601521867, 1182465973, 4019105223, 2570592287];
