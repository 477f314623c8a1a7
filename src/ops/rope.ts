// Rotary position embedding with its backward rule (the inverse rotation).

import shader from "../../shaders/rope.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { largestOf, times, type Scalar, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const sources = { "rope.wgsl": shader };
const WORKGROUP_SIZE = 64;

export interface RopeInputs {
  readonly positions: Tensor; // (N) u32
  readonly table: Tensor; // (P, R/2, 2): cos, sin; R ≤ D elements of a head are rotated
  /** Pairs (2i, 2i + 1) as in GPT-J, instead of (i, i + R/2). */
  readonly interleaved?: boolean | undefined;
}

/** Rotates x (N, heads, D). */
export function rope(tape: Tape, x: Tensor, inputs: RopeInputs): Tensor {
  const y = tape.tensor(`rotated ${x.name}`, x.shape);
  rotateInto(tape, x, inputs, y, 1);
  tape.rule([x], [y], [], (gradients) => {
    const dy = gradients.of(y);
    gradients.contribute(x, (dx, accumulate) => {
      if (accumulate === 0) rotateInto(tape, dy, inputs, dx, -1);
      else throw new Error("internal: rope: its input has another consumer");
    });
  });
  return y;
}

/** Rotates x (N, heads, D) into y from row `firstRow` on; direction −1 rotates back. */
export function rotateInto(
  tape: Tape,
  x: Tensor,
  { positions, table, interleaved = false }: RopeInputs,
  y: Tensor,
  direction: 1 | -1,
  firstRow: Scalar = 0,
): void {
  const [rows, heads, size] = x.shape as [Scalar, number, number];
  const pairs = times(rows, (heads * size) / 2);
  const dims = {
    rows,
    heads,
    half_size: size / 2,
    half_rotated: largestOf(table.shape[1]!),
    interleaved: interleaved ? 1 : 0,
    first_row: firstRow,
    direction,
  };
  tape.launch(kernel(sources, "rotate"), { x, positions, table, y }, dims, foldedGrid(pairs, WORKGROUP_SIZE));
}
