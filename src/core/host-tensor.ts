// Tensors in host memory, as model files hold them: little-endian bytes with a dtype and a shape. Conversions to and
// from f32 are exact where the format is wider and round to nearest, ties to even, where it is narrower.
// Knows nothing of files or of the GPU. Formats: IEEE 754-2008 binary16; bfloat16 = the upper half of binary32.

import { AppError, assert } from "./errors";

/** Bits an element takes, by the dtype names of safetensors. */
export const bitsOf = {
  F64: 64,
  F32: 32,
  F16: 16,
  BF16: 16,
  F8_E4M3: 8,
  F8_E5M2: 8,
  I64: 64,
  I32: 32,
  I16: 16,
  I8: 8,
  U64: 64,
  U32: 32,
  U16: 16,
  U8: 8,
  BOOL: 8,
} as const;

export type DType = keyof typeof bitsOf;

/** The dtypes that weights and adapters are computed in. */
export type FloatDType = "F32" | "F16" | "BF16";

export interface HostTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Row-major elements, little-endian; length = ∏shape × bytes an element. */
  readonly bytes: Uint8Array;
}

export function isFloatDType(dtype: DType): dtype is FloatDType {
  return dtype === "F32" || dtype === "F16" || dtype === "BF16";
}

/** Number of elements; 1 for a scalar (empty shape). */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** Elements as f32, exact. Throws `unsupported-model` for dtypes that are no 16- or 32-bit floats. */
export function toFloat32(tensor: HostTensor): Float32Array {
  const count = elementCount(tensor.shape);
  if (!isFloatDType(tensor.dtype)) {
    throw new AppError(
      "unsupported-model",
      `a tensor of dtype ${tensor.dtype} can't be read as numbers; F32, F16 and BF16 can`,
    );
  }
  const bytes = (bitsOf[tensor.dtype] / 8) * count;
  assert(
    tensor.bytes.length === bytes,
    `got ${tensor.bytes.length} bytes for ${tensor.dtype} [${tensor.shape}], need ${bytes}`,
  );
  if (tensor.dtype === "F32") return new Float32Array(aligned(tensor.bytes, 4));
  const halves = new Uint16Array(aligned(tensor.bytes, 2));
  const values = new Float32Array(count);
  if (tensor.dtype === "BF16") {
    const bits = new Uint32Array(values.buffer);
    for (let i = 0; i < count; i++) bits[i] = halves[i]! << 16;
  } else {
    for (let i = 0; i < count; i++) values[i] = fromFloat16Bits(halves[i]!);
  }
  return values;
}

/** Elements rounded to `dtype` (nearest, ties to even). F16 overflows to infinity above 65519.99. */
export function fromFloat32(values: Float32Array, shape: readonly number[], dtype: FloatDType): HostTensor {
  const count = elementCount(shape);
  assert(values.length === count, `got ${values.length} values for shape [${shape}], need ${count}`);
  if (dtype === "F32") {
    return {
      dtype,
      shape,
      bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice(),
    };
  }
  const halves = new Uint16Array(count);
  const round = dtype === "BF16" ? toBfloat16Bits : toFloat16Bits;
  for (let i = 0; i < count; i++) halves[i] = round(values[i]!);
  return { dtype, shape, bytes: new Uint8Array(halves.buffer) };
}

const scratch = new DataView(new ArrayBuffer(4));

/** Bits of the bfloat16 nearest to the f32 `value`; NaN stays NaN (quiet). */
export function toBfloat16Bits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  if ((bits & 0x7fffffff) > 0x7f800000) return (bits >>> 16) | 0x40;
  return (bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16;
}

/** Bits of the binary16 nearest to the f32 `value`; subnormals and infinities included. */
export function toFloat16Bits(value: number): number {
  scratch.setFloat32(0, value);
  const bits = scratch.getUint32(0);
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // 65520 is halfway between the largest half and the next power of two: from there on it is infinity.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below 2^-14 the result is subnormal: a whole number of 2^-24, which scaling and rounding to an integer gives.
  if (magnitude < 0x38800000) return sign | roundHalfEven(Math.abs(value) * 2 ** 24);
  const rebased = magnitude - 0x38000000; // exponent bias 127 → 15
  return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
}

/** The number that a binary16 pattern stands for. */
export function fromFloat16Bits(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >>> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A copy of the bytes at offset 0 of its own buffer, as typed arrays need. */
function aligned(bytes: Uint8Array, width: number): ArrayBuffer {
  assert(bytes.length % width === 0, `got ${bytes.length} bytes, need a multiple of ${width}`);
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}
