// Gated activation of the MLP (SwiGLU), in float64, with σ(g) = 1/(1 + e^−g):
//
//   forward    h = g·σ(g)·u
//   backward   du = dh·g·σ(g)    dg = dh·u·σ(g)·(1 + g·(1 − σ(g)))
//
// Source: Shazeer 2020, https://arxiv.org/abs/2002.05202

import { assertShape } from "./lengths.ref";

export interface GatedMlpInputs {
  /** (N,F) */
  readonly gate: Float64Array;
  /** (N,F) */
  readonly up: Float64Array;
}

export function gatedMlp({ gate, up }: GatedMlpInputs): {
  /** (N,F) */
  h: Float64Array;
} {
  assertShape("up", up, [gate.length]);
  return { h: gate.map((g, i) => g * sigmoid(g) * up[i]!) };
}

/** `dh` is (N,F). */
export function gatedMlpBackward({ gate, up, dh }: GatedMlpInputs & { readonly dh: Float64Array }): {
  /** (N,F) */
  dGate: Float64Array;
  /** (N,F) */
  dUp: Float64Array;
} {
  assertShape("up", up, [gate.length]);
  assertShape("dh", dh, [gate.length]);
  const dUp = gate.map((g, i) => dh[i]! * g * sigmoid(g));
  const dGate = gate.map((g, i) => dh[i]! * up[i]! * sigmoid(g) * (1 + g * (1 - sigmoid(g))));
  return { dGate, dUp };
}

function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
