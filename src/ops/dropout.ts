// Dropout whose mask comes from counters, so that forward and backward make the same one and nothing is stored.

import shader from "../../shaders/dropout.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { rowLength, times, type Scalar, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const sources = { "dropout.wgsl": shader };
const WORKGROUP_SIZE = 64;

export interface Dropout {
  /** Probability that an element is dropped, 0 to 1 exclusive. */
  readonly rate: number;
  /** Changes with every micro-step. u32. */
  readonly seed: Scalar;
  /** Tells the dropout layers of one step apart. u32. */
  readonly stream: number;
}

/** y = mask(x) / (1 − rate), or y += …; x and y (N,C). The same call on a gradient is the backward pass. */
export function dropoutInto(tape: Tape, x: Tensor, dropout: Dropout, y: Tensor, accumulate: 0 | 1 = 0): void {
  const rows = x.shape[0]!;
  const cols = rowLength(x);
  const dims = {
    rows,
    cols,
    seed: dropout.seed,
    stream: dropout.stream,
    threshold: Math.floor(dropout.rate * 2 ** 32),
    keep_scale: 1 / (1 - dropout.rate),
    accumulate,
  };
  tape.launch(kernel(sources, "apply"), { x, y }, dims, foldedGrid(times(rows, cols / 4), WORKGROUP_SIZE));
}
