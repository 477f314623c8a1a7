// LayerNorm with its backward rule; weight and bias are frozen.

import layerNormShader from "../../shaders/layer-norm.wgsl?raw";
import reduce from "../../shaders/reduce.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { rowLength, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const sources = { "layer-norm.wgsl": layerNormShader, "reduce.wgsl": reduce };

export interface LayerNormWeight {
  readonly tensor: Tensor; // (C) f32
  readonly bias: Tensor; // (C) f32
}

/** y (N,C) = (x − mean) / √(variance + eps) · w + b. */
export function layerNorm(tape: Tape, x: Tensor, weight: LayerNormWeight, eps: number): Tensor {
  const rows = x.shape[0]!;
  const cols = rowLength(x);
  const { tensor: w, bias: b } = weight;
  const y = tape.tensor(`norm of ${x.name}`, x.shape);
  const stats = tape.tensor(`mean and rstd of ${x.name}`, [rows, 2]);
  const rowKernel = (entry: string) => kernel(sources, entry, { WORKGROUP_SIZE: tape.tuning.rowLanes });
  const dims = { rows, cols, eps };
  const grid = foldedGrid(rows, 1);
  tape.launch(rowKernel("forward"), { x, w, b, y, stats_out: stats }, { ...dims, accumulate: 0 }, grid);
  tape.rule([x], [y], [], (gradients) => {
    const dy = gradients.of(y);
    gradients.contribute(x, (dx, accumulate) => {
      tape.launch(rowKernel("backward_input"), { x, w, dy, stats, dx }, { ...dims, accumulate }, grid);
    });
  });
  return y;
}
