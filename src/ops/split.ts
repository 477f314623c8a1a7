// Splits the rows of a fused projection (query, key and value; gate and up) into tensors of their own, with the
// backward rule that joins their gradients.

import shader from "../../shaders/split.wgsl?raw";
import { assert } from "../core/errors";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { rowLength, times, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const sources = { "split.wgsl": shader };
const WORKGROUP_SIZE = 64;

/** One part: `heads` runs of `size` elements, the first at element `first` of a row, `pitch` elements apart. */
export interface Part {
  readonly name: string;
  readonly heads: number;
  /** D, a multiple of 4 */
  readonly size: number;
  readonly first: number;
  readonly pitch: number;
  /** Axes of a row of the part; [heads, size] when absent. */
  readonly shape?: readonly number[];
}

/** Parts that lie one behind the other in a row, as (name, heads, size). */
export function blocks(parts: readonly Pick<Part, "name" | "heads" | "size" | "shape">[]): Part[] {
  let first = 0;
  return parts.map((part) => {
    const begin = first;
    first += part.heads * part.size;
    return { ...part, first: begin, pitch: part.size };
  });
}

/** Parts of the same size that lie beside each other in every head. */
export function byHead(names: readonly string[], heads: number, size: number): Part[] {
  return names.map((name, i) => ({ name, heads, size, first: i * size, pitch: names.length * size }));
}

/** The parts of x (N,W), which cover it, in order. */
export function split(tape: Tape, x: Tensor, parts: readonly Part[]): Tensor[] {
  const width = rowLength(x);
  const covered = parts.reduce((sum, { heads, size }) => sum + heads * size, 0);
  assert(covered === width, `split ${x.name}: got parts of ${covered} elements, need ${width}`);
  const rows = x.shape[0]!;
  const launchOf = ({ heads, size, first, pitch }: Part, accumulate: 0 | 1) => {
    const quads = times(rows, (heads * size) / 4);
    return {
      dims: {
        quads,
        row: width / 4,
        part_row: (heads * size) / 4,
        first: first / 4,
        pitch: pitch / 4,
        size: size / 4,
        accumulate,
      },
      grid: foldedGrid(quads, WORKGROUP_SIZE),
    };
  };
  const outputs = parts.map((part) => {
    const y = tape.tensor(part.name, [rows, ...(part.shape ?? [part.heads, part.size])]);
    const { dims, grid } = launchOf(part, 0);
    tape.launch(kernel(sources, "forward"), { x, y }, dims, grid);
    return y;
  });
  tape.rule([x], outputs, [], (gradients) => {
    gradients.contribute(x, (dx, accumulate) => {
      parts.forEach((part, i) => {
        const { dims, grid } = launchOf(part, accumulate);
        tape.launch(kernel(sources, "backward"), { dy: gradients.of(outputs[i]!), dx }, dims, grid);
      });
    });
  });
  return outputs;
}
