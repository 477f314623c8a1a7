import { describe, expect, it } from "vitest";
import { greedy, Sampler, type SamplingOptions } from "./sampler";

const sampling: SamplingOptions = { ...greedy, temperature: 1, seed: 1 };
/** Logits whose softmax at temperature 1 is `shares`. */
const logitsOf = (shares: readonly number[]): Float32Array => Float32Array.from(shares, Math.log);

/** How often each id comes out of `draws` draws. */
function counts(logits: Float32Array, options: SamplingOptions, draws = 20_000): number[] {
  const sampler = new Sampler(options, []);
  const found = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < draws; i++) found[sampler.next(logits)]!++;
  return found;
}

/** Σ (found − expected)² / expected; ids that must not come out count as infinitely wrong. */
function chiSquare(found: readonly number[], shares: readonly number[]): number {
  const draws = found.reduce((sum, count) => sum + count, 0);
  const total = shares.reduce((sum, share) => sum + share, 0);
  return found.reduce((sum, count, id) => {
    const expected = (draws * shares[id]!) / total;
    if (expected === 0) return sum + (count === 0 ? 0 : Infinity);
    return sum + (count - expected) ** 2 / expected;
  }, 0);
}

/** Quantiles of χ² that a right sampler exceeds once in 10⁶ seeds, by degrees of freedom. */
const farTail: Readonly<Record<number, number>> = { 1: 23.9, 2: 27.6, 3: 30.7, 4: 33.4, 7: 40.5 };

const shares = [0.05, 0.3, 0.1, 0.25, 0.3];

describe("greedy decoding", () => {
  it("takes the likeliest token, the lowest id on a tie", () => {
    const sampler = new Sampler(greedy, []);
    expect(sampler.next(Float32Array.of(-3, 2, -1, 2, 1))).toBe(1);
    expect(sampler.next(Float32Array.of(-5, -7, -4, -4))).toBe(2);
    expect(sampler.next(Float32Array.of(0, 0, 0))).toBe(0);
  });

  it("leaves the caller's logits as they are", () => {
    const logits = Float32Array.of(4, 3, 2);
    new Sampler({ ...greedy, repetitionPenalty: 2 }, [0]).next(logits);
    expect([...logits]).toEqual([4, 3, 2]);
  });
});

describe("sampling", () => {
  it("draws each token as often as its softmax says", () => {
    expect(chiSquare(counts(logitsOf(shares), sampling), shares)).toBeLessThan(farTail[4]!);
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(chiSquare(counts(logitsOf(eight), { ...sampling, seed: 2 }), eight)).toBeLessThan(farTail[7]!);
  });

  it("would notice a sampler that is a little off", () => {
    const wrong = [0.05, 0.3, 0.12, 0.25, 0.28];
    expect(chiSquare(counts(logitsOf(shares), sampling), wrong)).toBeGreaterThan(farTail[4]!);
  });

  it("divides logits by the temperature", () => {
    const sharper = shares.map((share) => share ** 2);
    const found = counts(logitsOf(shares), { ...sampling, temperature: 0.5 });
    expect(chiSquare(found, sharper)).toBeLessThan(farTail[4]!);
    const flatter = shares.map((share) => share ** 0.5);
    const hot = counts(logitsOf(shares), { ...sampling, temperature: 2 });
    expect(chiSquare(hot, flatter)).toBeLessThan(farTail[4]!);
  });

  it("keeps the k likeliest tokens with top-k, the lower id on a tie", () => {
    // 0.3 (id 1), 0.3 (id 4), 0.25, 0.1, 0.05
    expect(
      chiSquare(counts(logitsOf(shares), { ...sampling, topK: 3 }), [0, 0.3, 0, 0.25, 0.3]),
    ).toBeLessThan(farTail[2]!);
    expect(counts(logitsOf(shares), { ...sampling, topK: 1 }, 50)).toEqual([0, 50, 0, 0, 0]);
    const all = counts(logitsOf(shares), { ...sampling, topK: 99 });
    expect(chiSquare(all, shares)).toBeLessThan(farTail[4]!);
  });

  it("keeps with top-p the smallest set of likeliest tokens that reaches the share", () => {
    const quarters = [0.5, 0.25, 0.125, 0.125]; // exact in binary, so the border is exact as well
    const kept = (topP: number): number =>
      counts(logitsOf(quarters), { ...sampling, topP }, 2000).filter((count) => count > 0).length;
    expect(kept(0.4)).toBe(1);
    expect(kept(0.6)).toBe(2);
    expect(kept(0.74)).toBe(2);
    expect(kept(0.76)).toBe(3);
    expect(kept(0.99)).toBe(4);
    const found = counts(logitsOf(quarters), { ...sampling, topP: 0.6 });
    expect(chiSquare(found, [0.5, 0.25, 0, 0])).toBeLessThan(farTail[1]!);
  });

  it("always keeps one token, however small top-p is", () => {
    expect(counts(logitsOf(shares), { ...sampling, topP: 1e-9 }, 20)).toEqual([0, 20, 0, 0, 0]);
  });

  it("measures top-p among what top-k left", () => {
    // Of the three kept by top-k, 0.3 + 0.3 are 71 % of 0.85.
    const found = counts(logitsOf(shares), { ...sampling, topK: 3, topP: 0.7 });
    expect(chiSquare(found, [0, 0.3, 0, 0, 0.3])).toBeLessThan(farTail[1]!);
  });

  it("is repeated by its seed and changed by another", () => {
    const logits = logitsOf(shares);
    const run = (seed: number): number[] => {
      const sampler = new Sampler({ ...sampling, seed }, []);
      return Array.from({ length: 64 }, () => sampler.next(logits));
    };
    expect(run(5)).toEqual(run(5));
    expect(run(5)).not.toEqual(run(6));
  });

  it("bears logits that are far apart", () => {
    expect(counts(Float32Array.of(1e4, -1e4, 0), sampling, 20)).toEqual([20, 0, 0]);
    expect(counts(Float32Array.of(-1e30, -1e30, -Infinity), sampling, 200)[2]).toBe(0);
  });
});

describe("the repetition penalty", () => {
  it("divides positive logits of seen tokens and multiplies negative ones", () => {
    const pick = (logits: number[], prompt: number[]): number =>
      new Sampler({ ...greedy, repetitionPenalty: 2 }, prompt).next(Float32Array.from(logits));
    expect(pick([4, 3], [])).toBe(0);
    expect(pick([4, 3], [0])).toBe(1); // 4 / 2 < 3
    expect(pick([4, 1.9], [0])).toBe(0); // 4 / 2 > 1.9
    expect(pick([-1, -1.5], [0])).toBe(1); // −1 · 2 < −1.5
    expect(pick([-1, -2.1], [0])).toBe(0); // −1 · 2 > −2.1
  });

  it("counts a token that stands in the prompt twice once", () => {
    const sampler = new Sampler({ ...greedy, repetitionPenalty: 2 }, [0, 0, 0]);
    expect(sampler.next(Float32Array.of(4, 1.9))).toBe(0);
  });

  it("applies to what was generated as well", () => {
    const sampler = new Sampler({ ...greedy, repetitionPenalty: 1.5 }, []);
    const logits = Float32Array.of(3, 2.5, 1.9);
    expect([1, 2, 3, 4].map(() => sampler.next(logits))).toEqual([0, 1, 0, 0]);
  });

  it("comes before the temperature", () => {
    // Scores 2 and 1 → 1 and 1 after the penalty, whatever the temperature. Each sampler draws once, as the penalty
    // of the next draw depends on the first.
    const options = { ...sampling, repetitionPenalty: 2, temperature: 0.25 };
    const first = Array.from({ length: 4000 }, (_, seed) =>
      new Sampler({ ...options, seed }, [0]).next(Float32Array.of(2, 1)),
    );
    const zeros = first.filter((id) => id === 0).length;
    expect(chiSquare([zeros, 4000 - zeros], [0.5, 0.5])).toBeLessThan(farTail[1]!);
  });
});
