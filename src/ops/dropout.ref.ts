// Dropout from a counter-based generator: the mask is a pure function of (seed, stream, row, column), so the backward
// pass computes it again instead of keeping it.
//
//   word(row, column) = pcg4d(row, ⌊column/4⌋, stream, seed)[column mod 4]
//   mask = word ≥ ⌊p·2³²⌋ ? 1/(1 − p) : 0
//
// One call of pcg4d serves four neighbouring columns. All arithmetic is modulo 2³², so every device gives the same bits.
// Multiplication carries bits upwards only, so inputs that differ in nothing but their top three bits give related words
// (masks correlated by up to 0.5). Streams are therefore counted from 0 up, not packed into the high bits.
// Source: Jarzynski & Olano, "Hash Functions for GPU Rendering", JCGT 9(3), 2020, https://jcgt.org/published/0009/03/02/

import { assert } from "../core/errors";

export type FourWords = readonly [number, number, number, number];

/** Hashes four u32 into four u32. */
export function pcg4d(input: FourWords): FourWords {
  let [x, y, z, w] = input;
  x = add(Math.imul(x, 1664525), 1013904223);
  y = add(Math.imul(y, 1664525), 1013904223);
  z = add(Math.imul(z, 1664525), 1013904223);
  w = add(Math.imul(w, 1664525), 1013904223);
  x = add(x, Math.imul(y, w));
  y = add(y, Math.imul(z, x));
  z = add(z, Math.imul(x, y));
  w = add(w, Math.imul(y, z));
  x = (x ^ (x >>> 16)) >>> 0;
  y = (y ^ (y >>> 16)) >>> 0;
  z = (z ^ (z >>> 16)) >>> 0;
  w = (w ^ (w >>> 16)) >>> 0;
  x = add(x, Math.imul(y, w));
  y = add(y, Math.imul(z, x));
  z = add(z, Math.imul(x, y));
  w = add(w, Math.imul(y, z));
  return [x, y, z, w];
}

/** ⌊p·2³²⌋: words below it are dropped. */
export function dropoutThreshold(probability: number): number {
  assert(probability >= 0 && probability < 1, `got dropout probability ${probability}, need 0 ≤ p < 1`);
  return Math.floor(probability * 2 ** 32);
}

export function dropoutMask(params: {
  /** Share of the elements that are dropped, 0 ≤ p < 1. */
  readonly probability: number;
  /** u32, the run's. */
  readonly seed: number;
  /** u32, different for every layer and step that must not share a mask; below 2²⁹, see the header. */
  readonly stream: number;
  readonly rows: number;
  readonly columns: number;
}): {
  /** (rows,columns), 0 or 1/(1−p) */
  mask: Float64Array;
} {
  const { probability, seed, stream, rows, columns } = params;
  const threshold = dropoutThreshold(probability);
  const mask = new Float64Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const words = pcg4d([row, Math.floor(column / 4), stream, seed]);
      mask[row * columns + column] = words[column % 4]! >= threshold ? 1 / (1 - probability) : 0;
    }
  }
  return { mask };
}

function add(a: number, b: number): number {
  return (a + b) >>> 0;
}
