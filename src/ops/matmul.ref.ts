// Matrix product with a weight stored as (outputs, inputs), in float64:
//
//   forward           Y[n,o] = Σ_k X[n,k]·W[o,k] + bias[o]
//   backward input    dX[n,k] = Σ_o dY[n,o]·W[o,k]
//   backward weight   dW[o,k] += Σ_n dY[n,o]·X[n,k]
//   backward bias     dbias[o] += Σ_n dY[n,o]
//
// Activation gradients are written, parameter gradients accumulate into the array that is given.
// Source: the definition in torch.nn.Linear, https://docs.pytorch.org/docs/stable/generated/torch.nn.Linear.html

import { assertShape } from "./lengths.ref";

export interface MatmulShape {
  /** N */
  readonly tokens: number;
  /** K */
  readonly inFeatures: number;
  /** O */
  readonly outFeatures: number;
}

export function matmulForward(
  params: MatmulShape & {
    /** (N,K) */
    readonly x: Float64Array;
    /** (O,K) */
    readonly weight: Float64Array;
    /** (O) */
    readonly bias?: Float64Array | undefined;
  },
): {
  /** (N,O) */
  y: Float64Array;
} {
  const { x, weight, bias, tokens, inFeatures, outFeatures } = params;
  assertShape("x", x, [tokens, inFeatures]);
  assertShape("weight", weight, [outFeatures, inFeatures]);
  if (bias) assertShape("bias", bias, [outFeatures]);
  const y = new Float64Array(tokens * outFeatures);
  for (let n = 0; n < tokens; n++) {
    for (let o = 0; o < outFeatures; o++) {
      let sum = bias ? bias[o]! : 0;
      for (let k = 0; k < inFeatures; k++) sum += x[n * inFeatures + k]! * weight[o * inFeatures + k]!;
      y[n * outFeatures + o] = sum;
    }
  }
  return { y };
}

export function matmulBackwardInput(
  params: MatmulShape & {
    /** (N,O) */
    readonly dy: Float64Array;
    /** (O,K) */
    readonly weight: Float64Array;
  },
): {
  /** (N,K) */
  dx: Float64Array;
} {
  const { dy, weight, tokens, inFeatures, outFeatures } = params;
  assertShape("dy", dy, [tokens, outFeatures]);
  assertShape("weight", weight, [outFeatures, inFeatures]);
  const dx = new Float64Array(tokens * inFeatures);
  for (let n = 0; n < tokens; n++) {
    for (let k = 0; k < inFeatures; k++) {
      let sum = 0;
      for (let o = 0; o < outFeatures; o++) sum += dy[n * outFeatures + o]! * weight[o * inFeatures + k]!;
      dx[n * inFeatures + k] = sum;
    }
  }
  return { dx };
}

/** Adds to `dWeight` in place. */
export function matmulBackwardWeight(
  params: MatmulShape & {
    /** (N,O) */
    readonly dy: Float64Array;
    /** (N,K) */
    readonly x: Float64Array;
    /** (O,K), += */
    readonly dWeight: Float64Array;
  },
): void {
  const { dy, x, dWeight, tokens, inFeatures, outFeatures } = params;
  assertShape("dy", dy, [tokens, outFeatures]);
  assertShape("x", x, [tokens, inFeatures]);
  assertShape("dWeight", dWeight, [outFeatures, inFeatures]);
  for (let o = 0; o < outFeatures; o++) {
    for (let k = 0; k < inFeatures; k++) {
      let sum = 0;
      for (let n = 0; n < tokens; n++) sum += dy[n * outFeatures + o]! * x[n * inFeatures + k]!;
      dWeight[o * inFeatures + k]! += sum;
    }
  }
}

/** Adds to `dBias` in place. */
export function matmulBackwardBias(params: {
  readonly tokens: number;
  readonly outFeatures: number;
  /** (N,O) */
  readonly dy: Float64Array;
  /** (O), += */
  readonly dBias: Float64Array;
}): void {
  const { dy, dBias, tokens, outFeatures } = params;
  assertShape("dy", dy, [tokens, outFeatures]);
  assertShape("dBias", dBias, [outFeatures]);
  for (let o = 0; o < outFeatures; o++) {
    let sum = 0;
    for (let n = 0; n < tokens; n++) sum += dy[n * outFeatures + o]!;
    dBias[o]! += sum;
  }
}
