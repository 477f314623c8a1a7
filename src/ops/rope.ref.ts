// Rotary position embedding, in float64. Of the first R elements of a head, i is paired with i + R/2 (half-split) or
// 2i with 2i + 1 (interleaved); the others stay as they are. For a pair (a, b), i < R/2:
//
//   forward    y[a] = x[a]·cos − x[b]·sin    y[b] = x[b]·cos + x[a]·sin
//   backward   the same rotation by the opposite angle, which is also the inverse
//
// cos and sin are rows of tables, chosen by the token's position (model/rope-frequencies.ts makes them).
// Source: Su et al. 2021, https://arxiv.org/abs/2104.09864; half-split pairing as in transformers' Llama,
// interleaved as in its GPT-J.

import { assert } from "../core/errors";
import { assertShape } from "./lengths.ref";

export interface RopeShape {
  /** H or G */
  readonly heads: number;
  /** D, even */
  readonly headSize: number;
  /** R, even and at most D; D by default */
  readonly rotated?: number | undefined;
  readonly interleaved?: boolean | undefined;
  /** (N), row of the tables for each token */
  readonly positions: Uint32Array;
  /** (P,R/2) */
  readonly cos: Float64Array;
  /** (P,R/2) */
  readonly sin: Float64Array;
}

/** `x` is (N,heads,D). */
export function rope(params: RopeShape & { readonly x: Float64Array }): {
  /** (N,heads,D) */
  y: Float64Array;
} {
  return { y: rotate(params, params.x, 1) };
}

/** `dy` is (N,heads,D). Applied to y instead, it gives x back. */
export function ropeBackward(params: RopeShape & { readonly dy: Float64Array }): {
  /** (N,heads,D) */
  dx: Float64Array;
} {
  return { dx: rotate(params, params.dy, -1) };
}

function rotate(shape: RopeShape, x: Float64Array, direction: 1 | -1): Float64Array {
  const { heads, headSize, positions, cos, sin, rotated = headSize, interleaved = false } = shape;
  assert(headSize % 2 === 0, `got head size ${headSize}, need an even one`);
  const half = rotated / 2;
  assertShape("x", x, [positions.length, heads, headSize]);
  assertShape("sin", sin, [cos.length]);
  const y = x.slice();
  positions.forEach((position, n) => {
    assert(
      (position + 1) * half <= cos.length,
      `got position ${position}, need one below ${cos.length / half}`,
    );
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < half; i++) {
        const begin = (n * heads + h) * headSize;
        const [first, second] = interleaved
          ? [begin + 2 * i, begin + 2 * i + 1]
          : [begin + i, begin + i + half];
        const c = cos[position * half + i]!;
        const s = direction * sin[position * half + i]!;
        y[first] = x[first]! * c - x[second]! * s;
        y[second] = x[second]! * c + x[first]! * s;
      }
    }
  });
  return y;
}
