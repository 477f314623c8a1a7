// Causal grouped-query attention with its backward rule, and its form for generation over a key/value cache.

import decodeShader from "../../shaders/attention-decode.wgsl?raw";
import shader from "../../shaders/attention.wgsl?raw";
import { assert } from "../core/errors";
import { kernel, type Kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { largestOf, tiles, times, type Scalar, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const MAX_HEAD_SIZE = 256;

/** o (N,H,D) for q (N,H,D), k and v (N,G,D); segments (N,2) u32: first token of the document, one past its last. */
export function attention(
  tape: Tape,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  segments: Tensor,
  scale = 1 / Math.sqrt(headSizeOf(q)),
): Tensor {
  const [rows, heads, size] = q.shape as [Scalar, number, number];
  const kvHeads = k.shape[1] as number;
  const tile = tileOf(size, tape.tuning.attentionLanes);
  const { block } = tile;
  const o = tape.tensor("attended", q.shape);
  const lse = tape.tensor("attention lse", [rows, heads]);
  const dims = { rows, heads, kv_heads: kvHeads, first_block: 0, scale };
  // Half of the square, as the causal triangle is what is computed.
  const product = (largestOf(rows) ** 2 * heads * size) / 2;
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
  scale = 1 / Math.sqrt(headSizeOf(q)),
): Tensor {
  const [rows, heads, size] = q.shape as [Scalar, number, number];
  const o = tape.tensor("attended", q.shape);
  const decode = kernel({ "attention-decode.wgsl": decodeShader }, "decode", { HEAD_QUADS: size / 4 });
  const dims = { heads, kv_heads: k.shape[1] as number, past, scale };
  tape.launch(decode, { q, k, v, o }, dims, [rows, heads, 1], {
    multiplyAdds: 2 * largestOf(rows) * largestOf(k.shape[0]!) * heads * size,
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
  return kernel({ "attention.wgsl": shader }, entry, constants);
}

function headSizeOf(q: Tensor): number {
  return q.shape[2] as number;
}
