// Token embedding: one row of the table a token. The table is frozen, so there is no backward rule.

import shader from "../../shaders/embedding.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { times, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";
import { weightSnippets, type Weight } from "./weight";

const WORKGROUP_SIZE = 64;

/** y (N,C) = scale·table[tokens], tokens (N) u32, every token below the table's rows. */
export function embedding(tape: Tape, tokens: Tensor, table: Weight, scale = 1): Tensor {
  const rows = tokens.shape[0]!;
  const y = tape.tensor("embedded", [rows, table.cols]);
  const gather = kernel({ "embedding.wgsl": shader, ...weightSnippets[table.format] }, "forward");
  for (const part of table.parts) {
    const dims = { rows, cols: table.cols, first_token: part.firstRow, part_tokens: part.rows, scale };
    const grid = foldedGrid(times(rows, table.cols / 4), WORKGROUP_SIZE);
    tape.launch(gather, { tokens, weight: part.tensor, y }, dims, grid);
  }
  return y;
}
