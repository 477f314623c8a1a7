// Random numbers on the host: weight initialisation, shuffling, splits. One stream is a pure function of its seed and
// stream number, the same in every engine. (Dropout on the GPU has its own counter-based generator in a kernel.)
// Generator: sfc32 of Chris Doty-Humphrey (PractRand, public domain; https://pracrand.sourceforge.net/RNG_engines.txt),
// period at least 2^32 and about 2^127 on average. Its state is filled by splitmix32 so that near seeds don't correlate.

import { assert } from "./errors";

export interface Random {
  /** A whole number from 0 to 2^32 - 1. */
  uint32(): number;
  /** Uniform in [0, 1) with 53 random bits. */
  uniform(): number;
  /** A whole number from 0 to `limit` - 1, without modulo bias; `limit` from 1 to 2^32. */
  below(limit: number): number;
  /** Standard normal, by the polar method of Marsaglia. */
  normal(): number;
  /** Reorders `items` in place (Fisher-Yates, from the last element down) and returns it. */
  shuffle<T>(items: T[]): T[];
}

/** A generator for (`seed`, `stream`); streams of one seed are independent, e.g. one for each epoch. */
export function createRandom(seed: number, stream = 0): Random {
  assert(Number.isSafeInteger(seed) && seed >= 0, `got seed ${seed}, need a whole number from 0 to 2^53 - 1`);
  let mix = hash32(
    (seed % 2 ** 32) ^ hash32(Math.floor(seed / 2 ** 32) + 0x632be59b) ^ hash32(stream + 0x9e3779b9),
  );
  const nextOfSeed = (): number => {
    mix = (mix + 0x9e3779b9) | 0;
    return hash32(mix);
  };
  let a = nextOfSeed();
  let b = nextOfSeed();
  let c = nextOfSeed();
  let counter = 1;
  let spareNormal: number | undefined;

  const uint32 = (): number => {
    const result = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + result) | 0;
    return result >>> 0;
  };
  for (let i = 0; i < 12; i++) uint32(); // the author's warm-up

  const uniform = (): number => {
    const high = uint32() >>> 5;
    return (high * 2 ** 26 + (uint32() >>> 6)) * 2 ** -53;
  };
  const below = (limit: number): number => {
    assert(Number.isInteger(limit) && limit >= 1 && limit <= 2 ** 32, `got limit ${limit}, need 1 to 2^32`);
    const fair = 2 ** 32 - (2 ** 32 % limit);
    for (;;) {
      const value = uint32();
      if (value < fair) return value % limit;
    }
  };
  const normal = (): number => {
    if (spareNormal !== undefined) {
      const value = spareNormal;
      spareNormal = undefined;
      return value;
    }
    for (;;) {
      const x = 2 * uniform() - 1;
      const y = 2 * uniform() - 1;
      const square = x * x + y * y;
      if (square === 0 || square >= 1) continue;
      const scale = Math.sqrt((-2 * Math.log(square)) / square);
      spareNormal = y * scale;
      return x * scale;
    }
  };
  const shuffle = <T>(items: T[]): T[] => {
    for (let last = items.length - 1; last > 0; last--) {
      const other = below(last + 1);
      [items[last], items[other]] = [items[other]!, items[last]!];
    }
    return items;
  };
  return { uint32, uniform, below, normal, shuffle };
}

/** The finaliser of splitmix32 (the 32-bit mixing constants are those of MurmurHash3's fmix32). */
function hash32(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
