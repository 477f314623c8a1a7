// Causal grouped-query attention with its backward rule, and its form for generation over a key/value cache.

import decodeShader from "../../shaders/attention-decode.wgsl?raw";
import shader from "../../shaders/attention.wgsl?raw";
import tanh from "../../shaders/tanh.wgsl?raw";
import { assert } from "../core/errors";
import { kernel, type Kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { largestOf, tiles, times, type Scalar, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const MAX_HEAD_SIZE = 256;
/** A window that holds every key. */
const NO_WINDOW = 0xffff_ffff;

export interface AttentionOptions {
  /** Factor of the scores; 1/√D when absent. */
  readonly scale?: number | undefined;
  /** Keys that a query sees, its own included; all of its document when absent. */
  readonly window?: number | undefined;
  /** Scores s become cap·tanh(s / cap). */
  readonly cap?: number | undefined;
}

/** o (N,H,D) for q (N,H,D), k and v (N,G,D); segments (N,2) u32: first token of the document, one past its last. */
export function attention(
  tape: Tape,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  segments: Tensor,
  options: AttentionOptions = {},
): Tensor {
  const [rows, heads, size] = q.shape as [Scalar, number, number];
  const kvHeads = k.shape[1] as number;
  const tile = tileOf(size, tape.tuning.attentionLanes);
  const { block } = tile;
  const o = tape.tensor("attended", q.shape);
  const lse = tape.tensor("attention lse", [rows, heads]);
  const dims = { rows, heads, kv_heads: kvHeads, first_block: 0, ...scoreDims(options, size) };
  // Half of the square, as the causal triangle is what is computed, or the band of the window.
  const seen = Math.min(largestOf(rows) / 2, dims.window);
  const product = largestOf(rows) * seen * heads * size;
  const split = { field: "first_block", axis: 0 } as const;
  const queryGrid = [tiles(rows, block), heads, 1] as const;
  tape.launch(tiledKernel("forward", size, tile), { q, k, v, segments, o, lse_out: lse }, dims, queryGrid, {
    multiplyAdds: 2 * product,
    split,
  });
  tape.rule([q, k, v], [o], [], (gradients) => {
    const d_o = gradients.of(o);
    const stats = tape.tensor("attention stats", [rows, heads, 2]);
    const everyHead = foldedGrid(times(rows, heads), tile.lanes);
    tape.launch(
      tiledKernel("prepare", size, tile),
      { o_in: o, d_o_in: d_o, lse, stats_out: stats },
      dims,
      everyHead,
    );
    const inputs = { q, k, v, segments, d_o, stats };
    const dk = tape.tensor("dk", k.shape);
    const dv = tape.tensor("dv", v.shape);
    const dq = tape.tensor("dq", q.shape);
    const keyGrid = [tiles(rows, block), kvHeads, 1] as const;
    tape.launch(tiledKernel("backward_key_value", size, tile), { ...inputs, dk, dv }, dims, keyGrid, {
      multiplyAdds: 4 * product,
      split,
    });
    tape.launch(tiledKernel("backward_query", size, tile), { ...inputs, dq }, dims, queryGrid, {
      multiplyAdds: 3 * product,
      split,
    });
    gradients.pass(q, dq);
    gradients.pass(k, dk);
    gradients.pass(v, dv);
  });
  return o;
}

/** o (N,H,D) for new queries q (N,H,D) over cached keys and values (capacity,G,D), `past` of them older than q. */
export function cachedAttention(
  tape: Tape,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  past: Scalar,
  options: AttentionOptions = {},
): Tensor {
  const [rows, heads, size] = q.shape as [Scalar, number, number];
  const o = tape.tensor("attended", q.shape);
  const sources = { "attention-decode.wgsl": decodeShader, "tanh.wgsl": tanh };
  const decode = kernel(sources, "decode", { HEAD_QUADS: size / 4 });
  const dims = { heads, kv_heads: k.shape[1] as number, past, ...scoreDims(options, size) };
  tape.launch(decode, { q, k, v, o }, dims, [rows, heads, 1], {
    multiplyAdds: 2 * largestOf(rows) * Math.min(largestOf(k.shape[0]!), dims.window) * heads * size,
  });
  return o;
}

/** What one workgroup of the tiled kernels owns. */
interface AttentionTile {
  readonly lanes: number;
  /** Rows of its own, a divisor of `lanes`. */
  readonly block: number;
  /** Rows of the other side a step. */
  readonly step: number;
}

/** Tiles that stay within 16 KiB of workgroup memory: 2·(block + step) rows of D + 4 elements, and the scores. */
function tileOf(headSize: number, lanes: number): AttentionTile {
  assert(
    headSize % 4 === 0 && headSize <= MAX_HEAD_SIZE,
    `head size: got ${headSize}, need a multiple of 4 up to 256`,
  );
  if (lanes < 16) return { lanes, block: lanes, step: headSize <= 128 ? 8 : 2 };
  const block = headSize <= 64 ? 16 : headSize <= 128 ? 8 : 4;
  return { lanes, block, step: block / 2 };
}

function tiledKernel(entry: string, headSize: number, { lanes, block, step }: AttentionTile): Kernel {
  const constants = { HEAD_QUADS: headSize / 4, BLOCK: block, STEP: step, LANES: lanes };
  return kernel({ "attention.wgsl": shader, "tanh.wgsl": tanh }, entry, constants);
}

function scoreDims(
  { scale, window = NO_WINDOW, cap = 0 }: AttentionOptions,
  headSize: number,
): { window: number; scale: number; cap: number } {
  return { window, scale: scale ?? 1 / Math.sqrt(headSize), cap };
}
