// The head: final hidden states to logits, a part of the vocabulary at a time.
//
//   logits = x·Wᵀ + b, and with a cap: cap·tanh(logits / cap)
//
// The backward pass lies with the loss, which knows the gradient of the logits (cross-entropy.ts).

import shader from "../../shaders/cap.wgsl?raw";
import tanh from "../../shaders/tanh.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { rowLength, times, view, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";
import { matmulForward, type MatmulOptions } from "./matmul";
import type { Weight, WeightPart } from "./weight";

export interface Head {
  readonly weight: Weight; // (V,C)
  readonly bias?: Tensor; // (V) f32
  readonly cap?: number | undefined;
}

const sources = { "cap.wgsl": shader, "tanh.wgsl": tanh };
const WORKGROUP_SIZE = 64;

/** y (N, stride) = the logits of x (N,C) for the ids of one part of the head. */
export function projectLogits(
  tape: Tape,
  x: Tensor,
  { weight, bias, cap }: Head,
  part: WeightPart,
  y: Tensor,
  options: Pick<MatmulOptions, "variant"> = {},
): void {
  const shifted = bias && {
    bias: view(bias, `${bias.name} from ${part.firstRow}`, part.firstRow * 4, [part.rows]),
  };
  matmulForward(tape, x, weight, y, { part, ...shifted, ...options });
  if (cap === undefined) return;
  const quads = times(y.shape[0]!, rowLength(y) / 4);
  tape.launch(kernel(sources, "forward"), { y }, { quads, cap }, foldedGrid(quads, WORKGROUP_SIZE));
}
