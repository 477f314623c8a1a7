// Rows picked out of a matrix and put back in their places.

import shader from "../../shaders/gather.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { rowLength, times, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const sources = { "gather.wgsl": shader };
const WORKGROUP_SIZE = 64;

/** y (M,C) = x[picked], x (N,C), picked (M) u32. No backward rule of its own: see scatterRows. */
export function gatherRows(tape: Tape, x: Tensor, picked: Tensor): Tensor {
  const rows = picked.shape[0]!;
  const cols = rowLength(x);
  const y = tape.tensor(`rows of ${x.name}`, [rows, cols]);
  const grid = foldedGrid(times(rows, cols / 4), WORKGROUP_SIZE);
  tape.launch(kernel(sources, "gather"), { x, picked, y }, { rows, cols }, grid);
  return y;
}

/** dx (N,C): row n is dy[slots[n]], or 0 where slots[n] is NO_TARGET. dy (M,C), slots (N) u32. */
export function scatterRows(tape: Tape, dy: Tensor, slots: Tensor, dx: Tensor): void {
  const rows = dx.shape[0]!;
  const cols = rowLength(dx);
  const grid = foldedGrid(times(rows, cols / 4), WORKGROUP_SIZE);
  tape.launch(kernel(sources, "scatter"), { dy, slots, dx }, { rows, cols }, grid);
}
