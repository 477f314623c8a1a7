// The three matrix products of a linear layer, each in several variants with one contract. Which variant is best
// depends on the adapter and the shape: `Tuning` says.

import registers from "../../shaders/matmul-registers.wgsl?raw";
import shared from "../../shaders/matmul-shared.wgsl?raw";
import split from "../../shaders/matmul-split.wgsl?raw";
import vector from "../../shaders/matmul-vector.wgsl?raw";
import { assert } from "../core/errors";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { largestOf, resident, rowsOf, tiles, type Scalar, type Tensor } from "../program/tensor";
import { productShape, type MatmulVariant } from "../program/tuning";
import { rowRanges } from "./launch-grid";
import { weightSnippets, type Weight, type WeightPart } from "./weight";

export type { MatmulVariant };
export type MatmulEntry = "forward" | "backward_input" | "backward_weight";

interface Variant {
  readonly source: Readonly<Record<string, string>>;
  readonly constants: Readonly<Record<string, number>>;
  /** Columns and rows of the result that one workgroup owns. */
  readonly tile: readonly [number, number];
}

const variants = {
  registers: { source: { "matmul-registers.wgsl": registers }, constants: {}, tile: [64, 64] },
  shared: { source: { "matmul-shared.wgsl": shared }, constants: { SIDE: 16, DEPTH: 16 }, tile: [64, 64] },
  "shared-small": {
    source: { "matmul-shared.wgsl": shared },
    constants: { SIDE: 8, DEPTH: 32 },
    tile: [32, 32],
  },
  split: { source: { "matmul-split.wgsl": split }, constants: { SLICES: 16 }, tile: [16, 16] },
} satisfies Record<MatmulVariant, Variant>;
/** `registers` for results of at most 16 columns, where lanes of the square form would be idle. */
const tallRegisters: Variant = {
  source: variants.registers.source,
  constants: { WORKGROUP_COLS: 2, WORKGROUP_ROWS: 8 },
  tile: [16, 64],
};
export const matmulVariants = Object.keys(variants) as MatmulVariant[];
/** Workgroups of matmul-vector.wgsl on a GPU, and of 4 lanes without a sum across them for software adapters. */
const vectorTiles = { wide: { OUTS: 8, LANES_PER_OUT: 8 }, few: { OUTS: 4, LANES_PER_OUT: 1 } } as const;
/** The most rows it is used for. */
const VECTOR_ROWS = 4;

/** Bound where a layer has no bias; never read. */
export const noBias: Tensor = resident("no bias", [4]);

export interface MatmulOptions {
  /** Factor of the product. */
  readonly scale?: number;
  /** 1 adds to what is there. */
  readonly accumulate?: 0 | 1;
  /** Elements between the rows of y or dy; the outputs rounded up to 4 when absent. */
  readonly stride?: number;
  /** Overrides the tuned choice; for tests and benchmarks. */
  readonly variant?: MatmulVariant;
}

/** y (N, stride) = scale · x (N,K) · Wᵀ + bias, W (O,K) one part of a weight. */
export function matmulForward(
  tape: Tape,
  x: Tensor,
  weight: Weight,
  y: Tensor,
  options: MatmulOptions & { readonly bias?: Tensor; readonly part?: WeightPart } = {},
): void {
  const part = options.part ?? onlyPart(weight);
  const rows = x.shape[0]!;
  const shape = { outs: part.rows, inner: weight.cols, stride: options.stride ?? roundUp4(part.rows) };
  const tensors = { x, weight: part.tensor, bias: options.bias ?? noBias, y };
  const flags = {
    accumulate: options.accumulate ?? 0,
    has_bias: options.bias ? 1 : 0,
    scale: options.scale ?? 1,
  };
  if (largestOf(rows) <= VECTOR_ROWS && !options.variant) {
    const tile = vectorTiles[tape.tuning.rowLanes < 16 ? "few" : "wide"];
    const source = { "matmul-vector.wgsl": vector, ...weightSnippets[weight.format] };
    const vectorKernel = kernel(source, "forward", tile);
    tape.launch(vectorKernel, tensors, { ...shape, ...flags }, [tiles(part.rows, tile.OUTS), rows, 1], {
      multiplyAdds: largestOf(rows) * shape.outs * shape.inner,
    });
    return;
  }
  launch(tape, "forward", weight, tensors, rows, { ...shape, ...flags }, [part.rows, rows], options.variant);
}

/** dx (N,K) = scale · dy (N, stride) · W. Columns of dy past W's rows must be zero. */
export function matmulBackwardInput(
  tape: Tape,
  dy: Tensor,
  weight: Weight,
  dx: Tensor,
  options: MatmulOptions & { readonly part?: WeightPart } = {},
): void {
  const part = options.part ?? onlyPart(weight);
  const rows = dy.shape[0]!;
  const dims = {
    outs: part.rows,
    inner: weight.cols,
    stride: options.stride ?? roundUp4(part.rows),
    accumulate: options.accumulate ?? 0,
    has_bias: 0,
    scale: options.scale ?? 1,
  };
  const tensors = { dy, weight: part.tensor, dx };
  launch(tape, "backward_input", weight, tensors, rows, dims, [weight.cols, rows], options.variant);
}

/** dw (O,K) += scale · dyᵀ · x, for dy (N,O) and x (N,K). */
export function matmulBackwardWeight(
  tape: Tape,
  dy: Tensor,
  x: Tensor,
  dw: Tensor,
  options: Pick<MatmulOptions, "scale" | "variant"> = {},
): void {
  const [outs, inner] = [largestOf(dw.shape[0]!), largestOf(dw.shape[1]!)];
  const dims = { outs, inner, stride: roundUp4(outs), accumulate: 1, has_bias: 0, scale: options.scale ?? 1 };
  for (const { first, rows } of rowRanges(x.shape[0]!)) {
    const tensors = { x: rowsOf(x, first, rows), dy: rowsOf(dy, first, rows), dw };
    launch(tape, "backward_weight", undefined, tensors, rows, dims, [inner, outs], options.variant);
  }
}

function launch(
  tape: Tape,
  entry: MatmulEntry,
  weight: Weight | undefined,
  tensors: Record<string, Tensor>,
  rows: Scalar,
  dims: { outs: number; inner: number; stride: number; accumulate: number; has_bias: number; scale: number },
  [cols, lines]: readonly [Scalar, Scalar],
  override?: MatmulVariant,
): void {
  const chosen = override ?? tape.tuning.matmul[entry][productShape(largestOf(cols), largestOf(lines))];
  const isTall = chosen === "registers" && largestOf(cols) <= 16;
  const variant: Variant = isTall ? tallRegisters : variants[chosen];
  const snippet = weight ? weightSnippets[weight.format] : weightSnippets.f32;
  tape.launch(
    kernel({ ...variant.source, ...snippet }, entry, variant.constants),
    tensors,
    { rows, first_tile: 0, ...dims },
    [tiles(cols, variant.tile[0]), tiles(lines, variant.tile[1]), 1],
    { multiplyAdds: largestOf(rows) * dims.outs * dims.inner, split: { field: "first_tile", axis: 1 } },
  );
}

function onlyPart(weight: Weight): WeightPart {
  assert(
    weight.parts.length === 1,
    `weight ${weight.name}: got ${weight.parts.length} parts, need one or a chosen one`,
  );
  return weight.parts[0]!;
}

export function roundUp4(size: number): number {
  return Math.ceil(size / 4) * 4;
}
