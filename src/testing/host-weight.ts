// Frozen weights for checks: one matrix as the GPU holds it (packed, split by rows) and as the reference reads it.

import { declareWeight, type Weight, type WeightFormat } from "../ops/weight";
import type { Tensor } from "../program/tensor";
import { normalNumbers, packed16, roundedTo } from "./numbers";

export interface HostWeight {
  readonly weight: Weight;
  /** (rows, cols), rounded to the format */
  readonly values: Float64Array;
  /** Contents of each part's tensor. */
  readonly parts: readonly (readonly [Tensor, Float64Array | Uint32Array])[];
}

/** Normal numbers of standard deviation 1/√cols, so that products with normal inputs have size 1. */
export function hostWeight(
  name: string,
  format: WeightFormat,
  [rows, cols]: readonly [number, number],
  { seed, bindingBytes, values }: { seed: number; bindingBytes?: number; values?: Float64Array },
): HostWeight {
  const rounded = roundedTo(format, values ?? normalNumbers(seed, rows * cols, 1 / Math.sqrt(cols)));
  const weight = declareWeight(name, format, rows, cols, bindingBytes);
  const parts = weight.parts.map(({ firstRow, rows: count, tensor }) => {
    const part = rounded.subarray(firstRow * cols, (firstRow + count) * cols);
    return [tensor, format === "f32" ? part : packed16(format, part)] as const;
  });
  return { weight, values: rounded, parts };
}
