// Sums and copies of whole tensors, and the residual add with its rule.

import shader from "../../shaders/elementwise.wgsl?raw";
import { kernel } from "../gpu/kernel";
import { Tape, type TapeOptions } from "../program/tape";
import { rowLength, times, type Scalar, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const sources = { "elementwise.wgsl": shader };
const WORKGROUP_SIZE = 64;

/** a + b, both (N,C). The gradient passes to both unchanged. */
export function add(tape: Tape, a: Tensor, b: Tensor): Tensor {
  const y = tape.tensor(`${a.name} + ${b.name}`, a.shape);
  const quads = quadsOf(a);
  tape.launch(
    kernel(sources, "add"),
    { a, b, y },
    { quads, first: 0, accumulate: 0 },
    foldedGrid(quads, WORKGROUP_SIZE),
  );
  tape.rule([a, b], [y], [], (gradients) => {
    const dy = gradients.of(y);
    gradients.pass(a, dy);
    gradients.pass(b, dy);
  });
  return y;
}

/** y = a, or y += a. With `firstRow`, a's rows go to y's rows from there on. */
export function copy(tape: Tape, a: Tensor, y: Tensor, accumulate: 0 | 1 = 0, firstRow: Scalar = 0): void {
  const quads = quadsOf(a);
  const first = times(firstRow, rowLength(a) / 4);
  tape.launch(
    kernel(sources, "copy"),
    { a, y },
    { quads, first, accumulate },
    foldedGrid(quads, WORKGROUP_SIZE),
  );
}

/** A tape that knows how to copy. */
export function newTape(options?: TapeOptions): Tape {
  return new Tape(copy, options);
}

function quadsOf(tensor: Tensor): Scalar {
  return times(tensor.shape[0]!, rowLength(tensor) / 4);
}
