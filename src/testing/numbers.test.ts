import { describe, expect, it } from "vitest";
import {
  bitsOf,
  documentsOf,
  normalNumbers,
  packed16,
  roundTo,
  roundedTo,
  seededIntegers,
  seededNumbers,
} from "./numbers";

describe("seeded numbers", () => {
  it("repeat for the same seed and differ for another", () => {
    expect(normalNumbers(7, 20)).toEqual(normalNumbers(7, 20));
    expect(normalNumbers(7, 20)).not.toEqual(normalNumbers(8, 20));
  });

  it("have the mean and spread of their distribution", () => {
    const count = 100_000;
    const normal = normalNumbers(1, count, 3);
    const mean = normal.reduce((a, b) => a + b, 0) / count;
    const deviation = Math.sqrt(normal.reduce((a, b) => a + b * b, 0) / count);
    // Five standard errors: 3/√count for the mean, 3/√(2·count) for the deviation.
    expect(Math.abs(mean)).toBeLessThan((5 * 3) / Math.sqrt(count));
    expect(Math.abs(deviation - 3)).toBeLessThan((5 * 3) / Math.sqrt(2 * count));
    const integers = seededIntegers(2, count, 5);
    for (let value = 0; value < 5; value++) {
      const hits = integers.filter((each) => each === value).length;
      expect(Math.abs(hits - count / 5)).toBeLessThan(5 * Math.sqrt(count * 0.2 * 0.8));
    }
  });

  it("stay inside the interval that they promise", () => {
    const source = seededNumbers(3);
    for (let i = 0; i < 10_000; i++) {
      const value = source.uniform();
      expect(value >= 0 && value < 1).toBe(true);
    }
  });
});

describe("documents", () => {
  it("know where each of their tokens begins, ends and stands", () => {
    const { positions, segmentStart, segmentEnd } = documentsOf([1, 3, 2]);
    expect([...positions]).toEqual([0, 0, 1, 2, 0, 1]);
    expect([...segmentStart]).toEqual([0, 1, 1, 1, 4, 4]);
    expect([...segmentEnd]).toEqual([1, 4, 4, 4, 6, 6]);
  });
});

describe("rounding to 16 bits", () => {
  const decoders = { f16: decodeF16, bf16: decodeBf16 };

  for (const format of ["f16", "bf16"] as const) {
    const decode = decoders[format];
    const specialExponent = format === "f16" ? 0x7c00 : 0x7f80;

    it(`gives back every finite ${format} number and its own bits`, () => {
      for (let bits = 0; bits < 0x10000; bits++) {
        if ((bits & specialExponent) === specialExponent) continue;
        const value = decode(bits);
        if (!Object.is(roundTo(format, value), value) || bitsOf(format, value) !== bits)
          expect.fail(`0x${bits.toString(16)}`);
      }
    });

    it(`sends a number between two ${format} neighbours to the nearer, and the middle to the even one`, () => {
      for (let bits = 0; bits < specialExponent - 1; bits++) {
        const low = decode(bits);
        const high = decode(bits + 1);
        const middle = (low + high) / 2; // exact in float64
        const even = bits % 2 === 0 ? low : high;
        const nearLow = middle - (high - low) * 1e-4;
        const nearHigh = middle + (high - low) * 1e-4;
        const right =
          roundTo(format, middle) === even &&
          roundTo(format, -middle) === -even &&
          roundTo(format, nearLow) === low &&
          roundTo(format, nearHigh) === high;
        if (!right) expect.fail(`0x${bits.toString(16)}: ${middle}`);
      }
    });
  }

  it("overflows to infinity only from half a unit above the largest number", () => {
    expect(roundTo("f16", 65519.99)).toBe(65504);
    expect(roundTo("f16", 65520)).toBe(Infinity);
    expect(bitsOf("f16", -1e6)).toBe(0xfc00);
    expect(bitsOf("bf16", 3.4e38)).toBe(0x7f80);
  });

  it("rounds once, where going through float32 would round twice", () => {
    // Just above the middle of two bf16 numbers: float32 drops the excess and then ties to even, downwards.
    const value = 1 + 2 ** -8 + 2 ** -40;
    expect(roundTo("bf16", value)).toBe(1 + 2 ** -7);
    expect(roundTo("bf16", Math.fround(value))).toBe(1);
  });

  it("rounds to float32 as the machine does", () => {
    expect(roundedTo("f32", Float64Array.of(0.1, 1e40))).toEqual(Float64Array.of(Math.fround(0.1), Infinity));
  });

  it("packs the earlier number into the low half", () => {
    expect([...packed16("bf16", Float64Array.of(1, -2, 0.5))]).toEqual([0xc0003f80, 0x00003f00]);
    expect([...packed16("f16", Float64Array.of(1, -2))]).toEqual([0xc0003c00]);
  });

  it("refuses NaN", () => {
    expect(() => bitsOf("f16", NaN)).toThrow("got NaN");
  });
});

/** By the definition of binary16: sign, 5 exponent bits, 10 fraction bits. */
function decodeF16(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const size = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -size : size;
}

/** bf16 is the upper half of a float32. */
function decodeBf16(bits: number): number {
  return new Float32Array(Uint32Array.of(bits << 16).buffer)[0]!;
}
