// Gated activation of the MLP (SwiGLU, GeGLU), in float64:
//
//   forward    h = act(g)·u
//   backward   du = dh·act(g)    dg = dh·u·act'(g)
//
// Source: Shazeer 2020, https://arxiv.org/abs/2002.05202

import type { Activation } from "./activation";
import { activated, activationSlope } from "./activation.ref";
import { assertShape } from "./lengths.ref";

export interface GatedMlpInputs {
  /** (N,F) */
  readonly gate: Float64Array;
  /** (N,F) */
  readonly up: Float64Array;
  /** silu by default */
  readonly kind?: Activation | undefined;
}

export function gatedMlp({ gate, up, kind = "silu" }: GatedMlpInputs): {
  /** (N,F) */
  h: Float64Array;
} {
  assertShape("up", up, [gate.length]);
  return { h: gate.map((g, i) => activated(kind, g) * up[i]!) };
}

/** `dh` is (N,F). */
export function gatedMlpBackward({
  gate,
  up,
  kind = "silu",
  dh,
}: GatedMlpInputs & { readonly dh: Float64Array }): {
  /** (N,F) */
  dGate: Float64Array;
  /** (N,F) */
  dUp: Float64Array;
} {
  assertShape("up", up, [gate.length]);
  assertShape("dh", dh, [gate.length]);
  const dUp = gate.map((g, i) => dh[i]! * activated(kind, g));
  const dGate = gate.map((g, i) => dh[i]! * up[i]! * activationSlope(kind, g));
  return { dGate, dUp };
}
