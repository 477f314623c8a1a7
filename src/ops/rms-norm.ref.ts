// RMSNorm over the last axis, in float64:
//
//   forward    rstd = 1/√(mean(x²) + ε)    y = x·rstd·w
//   backward   dx = rstd·(w∘dy − x·rstd²·mean(w∘dy∘x))    dw = Σ_n dy∘x·rstd
//
// Source: Zhang & Sennrich 2019, https://arxiv.org/abs/1910.07467

import { assertShape } from "./lengths.ref";

export interface RmsNormInputs {
  /** N */
  readonly tokens: number;
  /** C */
  readonly hidden: number;
  /** (N,C) */
  readonly x: Float64Array;
  /** (C) */
  readonly weight: Float64Array;
  /** ε */
  readonly epsilon: number;
}

export function rmsNorm(params: RmsNormInputs): {
  /** (N,C) */
  y: Float64Array;
  /** (N) */
  rstd: Float64Array;
} {
  const { x, weight, epsilon, tokens, hidden } = params;
  assertShape("x", x, [tokens, hidden]);
  assertShape("weight", weight, [hidden]);
  const y = new Float64Array(tokens * hidden);
  const rstd = new Float64Array(tokens);
  for (let n = 0; n < tokens; n++) {
    let squares = 0;
    for (let c = 0; c < hidden; c++) squares += x[n * hidden + c]! ** 2;
    const scale = 1 / Math.sqrt(squares / hidden + epsilon);
    rstd[n] = scale;
    for (let c = 0; c < hidden; c++) y[n * hidden + c] = x[n * hidden + c]! * scale * weight[c]!;
  }
  return { y, rstd };
}

/** `dy` is (N,C). */
export function rmsNormBackward(params: RmsNormInputs & { readonly dy: Float64Array }): {
  /** (N,C) */
  dx: Float64Array;
  /** (C) */
  dWeight: Float64Array;
} {
  const { dy, x, weight, tokens, hidden } = params;
  assertShape("dy", dy, [tokens, hidden]);
  const { rstd } = rmsNorm(params);
  const dx = new Float64Array(tokens * hidden);
  const dWeight = new Float64Array(hidden);
  for (let n = 0; n < tokens; n++) {
    const scale = rstd[n]!;
    let mean = 0; // of w∘dy∘x
    for (let c = 0; c < hidden; c++) mean += (weight[c]! * dy[n * hidden + c]! * x[n * hidden + c]!) / hidden;
    for (let c = 0; c < hidden; c++) {
      const i = n * hidden + c;
      dx[i] = scale * (weight[c]! * dy[i]! - x[i]! * scale ** 2 * mean);
      dWeight[c]! += dy[i]! * x[i]! * scale;
    }
  }
  return { dx, dWeight };
}
