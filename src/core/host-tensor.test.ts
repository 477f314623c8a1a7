import { describe, expect, it } from "vitest";
import { fromFloat16Bits, fromFloat32, toBfloat16Bits, toFloat16Bits, toFloat32 } from "./host-tensor";

describe("f16", () => {
  it("survives the way to f32 and back for every one of its 65,536 patterns", () => {
    for (let bits = 0; bits < 0x10000; bits++) {
      const value = fromFloat16Bits(bits);
      if (Number.isNaN(value)) expect((toFloat16Bits(value) & 0x7fff) > 0x7c00).toBe(true);
      else if (toFloat16Bits(value) !== bits)
        throw new Error(`pattern ${bits} came back as ${toFloat16Bits(value)}`);
    }
  });

  it("rounds halfway values to the even neighbour, in the normal and the subnormal range", () => {
    expect(toFloat16Bits(1 + 1 / 2048)).toBe(0x3c00);
    expect(toFloat16Bits(1 + 3 / 2048)).toBe(0x3c02);
    expect(toFloat16Bits(2 ** -25)).toBe(0);
    expect(toFloat16Bits(3 * 2 ** -25)).toBe(2);
    expect(toFloat16Bits(Math.fround(2 ** -25 * 1.0001))).toBe(1);
  });

  it("carries a rounded-up mantissa into the exponent and overflows at 65520", () => {
    expect(toFloat16Bits(2 - 2 ** -12)).toBe(0x4000);
    expect(toFloat16Bits(2 ** -14 - 2 ** -26)).toBe(0x0400);
    expect(toFloat16Bits(65519)).toBe(0x7bff);
    expect(toFloat16Bits(65520)).toBe(0x7c00);
    expect(toFloat16Bits(-Infinity)).toBe(0xfc00);
    expect(Object.is(fromFloat16Bits(toFloat16Bits(-0)), -0)).toBe(true);
  });
});

describe("bf16", () => {
  it("rounds to nearest even", () => {
    expect(toBfloat16Bits(1)).toBe(0x3f80);
    expect(toBfloat16Bits(1 + 2 ** -8)).toBe(0x3f80);
    expect(toBfloat16Bits(1 + 3 * 2 ** -8)).toBe(0x3f82);
    expect(toBfloat16Bits(Math.fround(1 + 2 ** -8 + 2 ** -20))).toBe(0x3f81);
  });

  it("keeps NaN a NaN and overflows to infinity", () => {
    expect(toBfloat16Bits(NaN) & 0x7fff).toBeGreaterThan(0x7f80);
    expect(toBfloat16Bits(3.4e38)).toBe(0x7f80);
  });

  it("survives the way to f32 and back", () => {
    const values = new Float32Array([0, -1.5, 2 ** -130, 1e30]);
    const once = toFloat32(fromFloat32(values, [4], "BF16"));
    expect(toFloat32(fromFloat32(once, [4], "BF16"))).toEqual(once);
  });
});

describe("host tensors", () => {
  it("read f32 from bytes that don't start at a multiple of four", () => {
    const bytes = new Uint8Array(9);
    bytes.set(new Uint8Array(new Float32Array([1.5, -2]).buffer), 1);
    expect([...toFloat32({ dtype: "F32", shape: [2], bytes: bytes.subarray(1) })]).toEqual([1.5, -2]);
  });

  it("refuse integers as numbers and name the dtypes that work", () => {
    expect(() => toFloat32({ dtype: "I64", shape: [1], bytes: new Uint8Array(8) })).toThrow(
      /I64.*F32, F16 and BF16/,
    );
  });

  it("refuse a byte count that doesn't match the shape", () => {
    expect(() => toFloat32({ dtype: "F16", shape: [3], bytes: new Uint8Array(4) })).toThrow(/need 6/);
  });
});
