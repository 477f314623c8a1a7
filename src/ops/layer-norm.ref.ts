// LayerNorm over the last axis, in float64, with n = (x − mean(x))·rstd and rstd = 1/√(mean((x − mean(x))²) + ε):
//
//   forward    y = n·w + b
//   backward   dx = rstd·(w∘dy − mean(w∘dy) − n·mean(w∘dy∘n))
//
// Source: Ba, Kiros & Hinton 2016, https://arxiv.org/abs/1607.06450

import { assertShape } from "./lengths.ref";

export interface LayerNormInputs {
  /** N */
  readonly tokens: number;
  /** C */
  readonly hidden: number;
  /** (N,C) */
  readonly x: Float64Array;
  /** (C) */
  readonly weight: Float64Array;
  /** (C) */
  readonly bias: Float64Array;
  /** ε */
  readonly epsilon: number;
}

export function layerNorm(params: LayerNormInputs): {
  /** (N,C) */
  y: Float64Array;
} {
  const { weight, bias, hidden } = params;
  assertShape("weight", weight, [hidden]);
  assertShape("bias", bias, [hidden]);
  const { normed } = normalise(params);
  return { y: normed.map((n, i) => n * weight[i % hidden]! + bias[i % hidden]!) };
}

/** `dy` is (N,C). */
export function layerNormBackward(params: Omit<LayerNormInputs, "bias"> & { readonly dy: Float64Array }): {
  /** (N,C) */
  dx: Float64Array;
} {
  const { weight, dy, hidden } = params;
  assertShape("dy", dy, [params.x.length]);
  const { normed, rstd } = normalise(params);
  const dx = new Float64Array(dy.length);
  rstd.forEach((scale, row) => {
    const begin = row * hidden;
    let mean = 0; // of w∘dy
    let meanProduct = 0; // of w∘dy∘n
    for (let c = 0; c < hidden; c++) {
      mean += (weight[c]! * dy[begin + c]!) / hidden;
      meanProduct += (weight[c]! * dy[begin + c]! * normed[begin + c]!) / hidden;
    }
    for (let c = 0; c < hidden; c++) {
      const i = begin + c;
      dx[i] = scale * (weight[c]! * dy[i]! - mean - normed[i]! * meanProduct);
    }
  });
  return { dx };
}

function normalise({ tokens, hidden, x, epsilon }: Omit<LayerNormInputs, "weight" | "bias">): {
  /** (N,C) */
  normed: Float64Array;
  /** (N) */
  rstd: Float64Array;
} {
  assertShape("x", x, [tokens, hidden]);
  const normed = new Float64Array(x.length);
  const rstd = new Float64Array(tokens);
  for (let n = 0; n < tokens; n++) {
    const row = x.subarray(n * hidden, (n + 1) * hidden);
    const mean = row.reduce((sum, value) => sum + value, 0) / hidden;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / hidden;
    const scale = 1 / Math.sqrt(variance + epsilon);
    rstd[n] = scale;
    row.forEach((value, c) => (normed[n * hidden + c] = (value - mean) * scale));
  }
  return { normed, rstd };
}
