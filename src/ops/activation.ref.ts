// Activations of an MLP and their slopes, in float64, with σ(g) = 1/(1 + e^−g):
//
//   silu        g·σ(g)                                            σ·(1 + g·(1 − σ))
//   gelu-tanh   g/2·(1 + t), t = tanh(√(2/π)·(g + 0.044715·g³))     (1 + t)/2 + g/2·(1 − t²)·√(2/π)·(1 + 0.134145·g²)
//   gelu        g/2·erfc(−g/√2)                                   erfc(−g/√2)/2 + g·e^(−g²/2)/√(2π)
//
// Source: Elfwing et al. 2017, https://arxiv.org/abs/1702.03118; Hendrycks & Gimpel 2016, https://arxiv.org/abs/1606.08415

import type { Activation } from "./activation";

const ROOT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const CUBE = 0.044715;

export function activated(kind: Activation, g: number): number {
  switch (kind) {
    case "silu":
      return g * sigmoid(g);
    case "gelu-tanh":
      return (g / 2) * (1 + bend(g));
    case "gelu":
      return (g / 2) * erfc(-g / Math.SQRT2);
  }
}

export function activationSlope(kind: Activation, g: number): number {
  switch (kind) {
    case "silu":
      return sigmoid(g) * (1 + g * (1 - sigmoid(g)));
    case "gelu-tanh": {
      const rest = 1 - bend(g) ** 2;
      const slope = rest === 0 ? 0 : rest * ROOT_2_OVER_PI * (1 + 3 * CUBE * g * g);
      return (1 + bend(g)) / 2 + (g / 2) * slope;
    }
    case "gelu":
      return erfc(-g / Math.SQRT2) / 2 + (g * Math.exp((-g * g) / 2)) / Math.sqrt(2 * Math.PI);
  }
}

/** dx (N,F) = dy∘act'(x), of y = act(x). */
export function activationBackward(kind: Activation, x: Float64Array, dy: Float64Array): Float64Array {
  return x.map((value, i) => dy[i]! * activationSlope(kind, value));
}

/** 1 − erf(x) to about 1e-13: the Taylor series within 3, else the continued fraction of Laplace. */
export function erfc(x: number): number {
  if (x < 0) return 2 - erfc(-x);
  if (x < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let tail = x;
  for (let n = 60; n >= 1; n--) tail = x + n / 2 / tail;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * tail);
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}

function bend(g: number): number {
  return Math.tanh(ROOT_2_OVER_PI * (g + CUBE * g ** 3));
}
