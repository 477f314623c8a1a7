// The base model with an adapter folded in: W += scale · B · A, written as one safetensors file. Tensors pass one at a
// time, so the memory needed is that of the largest. Sums are taken in float64 and rounded once to the base's dtype
// (PEFT rounds the update and the sum separately, so its bf16 weights may differ in the last bit).
// Untouched tensors keep their bytes; a tied head stays tied. Quantised weights can't be merged into.

import { AppError, assert } from "../core/errors";
import { fromFloat32, isFloatDType, toFloat32, type HostTensor } from "../core/host-tensor";
import type { Weights } from "../hub/open-weights";
import { layoutSafetensors } from "../hub/safetensors";
import { modulesOf, type AdaptableLayer, type PeftAdapter } from "./peft";

export interface MergedModel {
  /** Length of the file in bytes. */
  readonly fileBytes: number;
  /** The file from its beginning to its end. */
  chunks(): AsyncGenerator<Uint8Array>;
}

/**
 * Checks everything that can be checked before any weight is read. `layers` says where the weight of each layer lies;
 * without it, it is the layer's path and ".weight", stored (O,K). Throws AppError("bad-adapter").
 */
export function mergeAdapter(
  weights: Weights,
  adapter: PeftAdapter,
  layers?: ReadonlyMap<string, AdaptableLayer>,
): MergedModel {
  const modules = modulesOf(adapter.tensors);
  const updates = new Map<string, { a: HostTensor; b: HostTensor; transposed: boolean }>();
  for (const [path, { a, b }] of modules) {
    const { weight = `${path}.weight`, transposed = false } = layers?.get(path) ?? {};
    const base = weights.tensors.get(weight);
    if (!base)
      throw bad(`the model ${weights.name} has no layer ${path}. The adapter belongs to another model`);
    if (!isFloatDType(base.dtype)) {
      throw bad(
        `${path} of ${weights.name} is stored as ${base.dtype}. Merge into the model's F32, F16 or BF16 weights`,
      );
    }
    const size = [b.shape[0], a.shape[1]];
    const update = transposed ? size.reverse() : size;
    if (String(base.shape) !== String(update)) {
      throw bad(
        `the update of ${path} is [${update.join(", ")}], the weight of ${weights.name} is [${base.shape.join(", ")}]`,
      );
    }
    updates.set(weight, { a, b, transposed });
  }
  const { rank, alpha, rsLora } = adapter.config;
  const scale = alpha / (rsLora ? Math.sqrt(rank) : rank);
  const layout = layoutSafetensors(weights.tensors, { format: "pt" });
  return {
    fileBytes: layout.fileBytes,
    chunks: async function* () {
      yield layout.header;
      for (const name of layout.order) {
        const tensor = await weights.read(name);
        const update = updates.get(name);
        yield update ? mergeTensor(tensor, update.a, update.b, scale, update.transposed).bytes : tensor.bytes;
      }
    },
  };
}

/** base (O,K) + scale · b (O,R) · a (R,K), in the base's dtype; with `transposed` the base is (K,O). */
export function mergeTensor(
  base: HostTensor,
  a: HostTensor,
  b: HostTensor,
  scale: number,
  transposed = false,
): HostTensor {
  if (transposed) return mergeTensor(base, transpose(b), transpose(a), scale);
  const [rows, cols] = base.shape as [number, number];
  const rank = a.shape[0]!;
  assert(
    base.shape.length === 2 && b.shape[0] === rows && b.shape[1] === rank && a.shape[1] === cols,
    `got A [${a.shape}], B [${b.shape}] for a weight [${base.shape}]`,
  );
  assert(isFloatDType(base.dtype), `got a base of ${base.dtype}, need a float`);
  const weight = toFloat32(base);
  const down = toFloat32(a);
  const up = toFloat32(b);
  const row = new Float64Array(cols);
  for (let o = 0; o < rows; o++) {
    row.fill(0);
    for (let r = 0; r < rank; r++) {
      const factor = up[o * rank + r]!;
      if (factor === 0) continue;
      const offset = r * cols;
      for (let k = 0; k < cols; k++) row[k]! += factor * down[offset + k]!;
    }
    const offset = o * cols;
    for (let k = 0; k < cols; k++) weight[offset + k] = weight[offset + k]! + scale * row[k]!;
  }
  return fromFloat32(weight, base.shape, base.dtype);
}

/** (rows, cols) as (cols, rows), in f32. */
function transpose(matrix: HostTensor): HostTensor {
  const [rows, cols] = matrix.shape as [number, number];
  const values = toFloat32(matrix);
  const turned = Float32Array.from(values, (_, i) => values[(i % rows) * cols + Math.floor(i / rows)]!);
  return fromFloat32(turned, [cols, rows], "F32");
}

function bad(reason: string): AppError {
  return new AppError("bad-adapter", `The adapter can't be merged: ${reason}.`);
}
