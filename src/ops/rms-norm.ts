// RMSNorm with its backward rule.

import reduce from "../../shaders/reduce.wgsl?raw";
import shader from "../../shaders/rms-norm.wgsl?raw";
import { assert } from "../core/errors";
import { kernel } from "../gpu/kernel";
import type { Parameter } from "../program/parameters";
import type { Tape } from "../program/tape";
import { largestOf, rowLength, rowsOf, tiles, times, type Tensor } from "../program/tensor";
import { foldedGrid, rowRanges } from "./launch-grid";

const sources = { "rms-norm.wgsl": shader, "reduce.wgsl": reduce };
const WORKGROUP_SIZE = 64;

export interface NormWeight {
  readonly tensor: Tensor; // (C) f32
  /** Present when the weight is trained. */
  readonly parameter?: Parameter;
}

/** y = x·w / rms(x), each over C elements; x is (N,C), or (N,heads,C) where each head is normed by itself. */
export function rmsNorm(tape: Tape, x: Tensor, weight: NormWeight, eps: number): Tensor {
  const cols = largestOf(weight.tensor.shape.at(-1)!);
  const groups = rowLength(x) / cols;
  const rows = times(x.shape[0]!, groups);
  const y = tape.tensor(`norm of ${x.name}`, x.shape);
  const rstd = tape.tensor(`rstd of ${x.name}`, [rows]);
  const w = weight.tensor;
  const rowKernel = (entry: string) => kernel(sources, entry, { WORKGROUP_SIZE: tape.tuning.rowLanes });
  tape.launch(
    rowKernel("forward"),
    { x, w, y, rstd_out: rstd },
    { rows, cols, eps, accumulate: 0 },
    foldedGrid(rows, 1),
  );
  tape.rule([x], [y], weight.parameter ? [weight.parameter] : [], (gradients) => {
    const dy = gradients.of(y);
    if (weight.parameter) {
      assert(groups === 1, "the gradient of a norm weight that heads share is not made");
      for (const range of rowRanges(rows)) {
        const inRange = (tensor: Tensor): Tensor => rowsOf(tensor, range.first, range.rows);
        tape.launch(
          kernel(sources, "backward_weight"),
          { x: inRange(x), dy: inRange(dy), rstd: inRange(rstd), dw: weight.parameter.gradient },
          { rows: range.rows, cols, eps, accumulate: 1 },
          [tiles(cols / 4, WORKGROUP_SIZE), 1, 1],
        );
      }
    }
    gradients.contribute(x, (dx, accumulate) => {
      const dims = { rows, cols, eps, accumulate };
      tape.launch(rowKernel("backward_input"), { x, w, dy, rstd, dx }, dims, foldedGrid(rows, 1));
    });
  });
  return y;
}
