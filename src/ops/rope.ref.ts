// Rotary position embedding in its half-split form, in float64: element i of a head is paired with element i + D/2.
//
//   forward    y[i] = x[i]·cos − x[i+D/2]·sin    y[i+D/2] = x[i+D/2]·cos + x[i]·sin    for i < D/2
//   backward   the same rotation by the opposite angle, which is also the inverse
//
// cos and sin are rows of tables, chosen by the token's position (model/rope-frequencies.ts makes them).
// Source: Su et al. 2021, https://arxiv.org/abs/2104.09864; half-split pairing as in transformers' Llama.

import { assert } from "../core/errors";
import { assertShape } from "./lengths.ref";

export interface RopeShape {
  /** H or G */
  readonly heads: number;
  /** D, even */
  readonly headSize: number;
  /** (N), row of the tables for each token */
  readonly positions: Uint32Array;
  /** (P,D/2) */
  readonly cos: Float64Array;
  /** (P,D/2) */
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
  const { heads, headSize, positions, cos, sin } = shape;
  assert(headSize % 2 === 0, `got head size ${headSize}, need an even one`);
  const half = headSize / 2;
  assertShape("x", x, [positions.length, heads, headSize]);
  assertShape("sin", sin, [cos.length]);
  const y = new Float64Array(x.length);
  positions.forEach((position, n) => {
    assert(
      (position + 1) * half <= cos.length,
      `got position ${position}, need one below ${cos.length / half}`,
    );
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < half; i++) {
        const first = (n * heads + h) * headSize + i;
        const second = first + half;
        const c = cos[position * half + i]!;
        const s = direction * sin[position * half + i]!;
        y[first] = x[first]! * c - x[second]! * s;
        y[second] = x[second]! * c + x[first]! * s;
      }
    }
  });
  return y;
}
