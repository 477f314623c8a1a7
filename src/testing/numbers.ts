// Numbers for tests: seeded inputs, document boundaries, and values rounded to the formats that weights come in.
// A kernel is compared with its float64 reference on inputs that its own type can hold, so what is measured is the
// kernel's arithmetic and not the rounding of its inputs. Equal seeds give equal numbers on every machine.
//
// The generator is Chris Doty-Humphrey's sfc32 (PractRand, https://pracrand.sourceforge.net); normal numbers are
// made from it by Box and Muller's method. Not for anything that a product run draws.

import { assert } from "../core/errors";

/** A stream of random numbers. */
export interface NumberSource {
  /** The next number in [0, 1), a multiple of 2⁻³². */
  uniform(): number;
  /** The next number with mean 0 and standard deviation 1. */
  normal(): number;
  /** The next integer in 0 … bound−1. */
  integer(bound: number): number;
}

/** How a tensor's elements are stored. */
export type NumberFormat = "f32" | "f16" | "bf16";

/** Documents laid end to end, in the form of core's Batch: all arrays have one entry a token. */
export interface Documents {
  readonly positions: Uint32Array;
  readonly segmentStart: Uint32Array;
  readonly segmentEnd: Uint32Array;
}

/** A stream that depends on `seed` (a 32-bit integer) alone. */
export function seededNumbers(seed: number): NumberSource {
  let a = 0x9e3779b9 | 0;
  let b = 0x243f6a88 | 0;
  let c = seed | 0;
  let counter = 1;
  const word = (): number => {
    const out = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + out) | 0;
    return out >>> 0;
  };
  for (let i = 0; i < 15; i++) word(); // spreads the seed over the whole state
  const uniform = (): number => word() / 2 ** 32;
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, normal, integer: (bound) => Math.floor(uniform() * bound) };
}

/** `length` normal numbers with mean 0 and standard deviation `scale`. */
export function normalNumbers(seed: number, length: number, scale = 1): Float64Array {
  const source = seededNumbers(seed);
  return Float64Array.from({ length }, () => scale * source.normal());
}

/** `length` integers in 0 … bound−1. */
export function seededIntegers(seed: number, length: number, bound: number): Uint32Array {
  const source = seededNumbers(seed);
  return Uint32Array.from({ length }, () => source.integer(bound));
}

/** The boundaries and positions of documents of these many tokens, laid end to end. */
export function documentsOf(lengths: readonly number[]): Documents {
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const positions = new Uint32Array(total);
  const segmentStart = new Uint32Array(total);
  const segmentEnd = new Uint32Array(total);
  let start = 0;
  for (const length of lengths) {
    for (let i = 0; i < length; i++) {
      positions[start + i] = i;
      segmentStart[start + i] = start;
      segmentEnd[start + i] = start + length;
    }
    start += length;
  }
  return { positions, segmentStart, segmentEnd };
}

/** The nearest number of the format, ties to even; beyond the format's range, an infinity. */
export function roundTo(format: NumberFormat, value: number): number {
  if (format === "f32") return Math.fround(value);
  if (!Number.isFinite(value) || value === 0) return value;
  const { precision, minExponent, maxExponent } = layouts[format];
  const exponent = Math.max(exponentOf(value), minExponent);
  const unit = 2 ** (exponent - precision + 1); // distance between neighbours at this size
  const toEven = 1.5 * 2 ** 52; // float64 numbers of this size are integers, so adding it rounds
  const rounded = (value / unit + toEven - toEven) * unit;
  if (Math.abs(rounded) >= 2 ** (maxExponent + 1)) return Math.sign(value) * Infinity;
  return rounded === 0 ? Math.sign(value) * 0 : rounded;
}

/** Every value rounded to the format; still a Float64Array, for the reference. */
export function roundedTo(format: NumberFormat, values: Float64Array): Float64Array {
  return values.map((value) => roundTo(format, value));
}

/** The 16 bits of a value in the format, after rounding to it. */
export function bitsOf(format: "f16" | "bf16", value: number): number {
  assert(!Number.isNaN(value), "got NaN, need a number to store in 16 bits");
  const { precision, minExponent, maxExponent } = layouts[format];
  const fractionBits = precision - 1;
  const rounded = roundTo(format, value);
  const sign = rounded < 0 || Object.is(rounded, -0) ? 0x8000 : 0;
  const size = Math.abs(rounded);
  if (size === Infinity) return sign | ((maxExponent - minExponent + 2) << fractionBits);
  // From 2^minExponent downwards numbers are subnormal: exponent field 0, no leading one.
  const exponent = Math.max(exponentOf(size), minExponent);
  const significand = size / 2 ** (exponent - fractionBits);
  return sign | (((exponent - minExponent) << fractionBits) + significand);
}

/**
 * Values as 16-bit numbers, two to a u32 with the earlier one in the low half: the byte order of a safetensors file
 * read on a little-endian machine. An odd count leaves the last high half zero.
 */
export function packed16(format: "f16" | "bf16", values: Float64Array): Uint32Array {
  const words = new Uint32Array(Math.ceil(values.length / 2));
  for (let i = 0; i < values.length; i++) words[i >> 1]! |= bitsOf(format, values[i]!) << (16 * (i & 1));
  return words;
}

/** precision counts the leading one; the exponents are those of the smallest normal and the largest finite number. */
const layouts = {
  f16: { precision: 11, minExponent: -14, maxExponent: 15 },
  bf16: { precision: 8, minExponent: -126, maxExponent: 127 },
} satisfies Record<string, { precision: number; minExponent: number; maxExponent: number }>;

/** ⌊log₂|value|⌋, exact for every float64 number; that of 0 is −1023. */
function exponentOf(value: number): number {
  const high = new DataView(Float64Array.of(value).buffer).getUint32(4, true);
  return ((high >>> 20) & 0x7ff) - 1023;
}
