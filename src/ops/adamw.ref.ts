// Gradient norm, clipping and AdamW in PyTorch's order, in float64. For step t = 1, 2, …:
//
//   norm = √Σ g²    coef = min(1, maxNorm / (norm + 1e-6))    g ← coef·g
//   p ← p·(1 − lr·wd)
//   m ← m + (g − m)·(1 − β1)    v ← β2·v + (1 − β2)·g²
//   p ← p − (lr / c1)·m / (√v / √c2 + ε)    with c1 = 1 − β1ᵗ and c2 = 1 − β2ᵗ
//
// Decay comes first, and ε is added to the corrected root. The norm that is reported is the one before clipping.
//
// In float32 the order matters, and a kernel follows it: 1 − lr·wd, lr/c1 and √c2 are computed in float64 on the CPU
// and rounded once, as are 1 − β1 and 1 − β2 (0.001 and not 1 − 0.999f, which is off by 1.3e-5 relative); √v is
// divided by √c2 before ε is added. The norm is a sum of non-negative terms, so a fixed-order tree over K elements is
// good to about log₂K·2⁻²⁴ relative. A gradient above 1.8e19 overflows its square there and counts as non-finite.
// Sources: Loshchilov & Hutter 2017, https://arxiv.org/abs/1711.05101; order of torch.optim.AdamW (single tensor) and
// torch.nn.utils.clip_grad_norm_.

import { assert } from "../core/errors";
import { assertShape } from "./lengths.ref";

export interface AdamwState {
  readonly parameters: Float64Array;
  /** m */
  readonly firstMoment: Float64Array;
  /** v */
  readonly secondMoment: Float64Array;
}

export interface AdamwSettings {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** wd, one for all the parameters given: a group that is not decayed is a call of its own. */
  readonly weightDecay: number;
  /** 1 − β1ᵗ */
  readonly biasCorrection1: number;
  /** 1 − β2ᵗ */
  readonly biasCorrection2: number;
}

/** The global norm; `finite` is false as soon as one element is NaN or infinite, whatever the norm says. */
export function gradientNorm(gradient: Float64Array): { norm: number; finite: boolean } {
  let squares = 0;
  for (const value of gradient) squares += value * value;
  return { norm: Math.sqrt(squares), finite: gradient.every(Number.isFinite) };
}

/** The factor of the gradient: 1 inside maxNorm, and 1 as well when maxNorm is 0, which turns clipping off. */
export function clipCoefficient({
  norm,
  maxNorm,
}: {
  readonly norm: number;
  readonly maxNorm: number;
}): number {
  assert(maxNorm >= 0, `got maxNorm ${maxNorm}, need 0 or more`);
  return maxNorm === 0 ? 1 : Math.min(1, maxNorm / (norm + 1e-6));
}

/** One update. `gradientScale` is the clip coefficient, 1 by default. Returns new arrays. */
export function adamw(
  params: AdamwState &
    AdamwSettings & { readonly gradient: Float64Array; readonly gradientScale?: number | undefined },
): AdamwState {
  const { gradient, gradientScale = 1, learningRate, beta1, beta2, epsilon, weightDecay } = params;
  const { biasCorrection1, biasCorrection2 } = params;
  assertShape("gradient", gradient, [params.parameters.length]);
  assertShape("firstMoment", params.firstMoment, [gradient.length]);
  assertShape("secondMoment", params.secondMoment, [gradient.length]);
  const parameters = params.parameters.slice();
  const firstMoment = params.firstMoment.slice();
  const secondMoment = params.secondMoment.slice();
  for (let i = 0; i < gradient.length; i++) {
    const g = gradientScale * gradient[i]!;
    const decayed = parameters[i]! * (1 - learningRate * weightDecay);
    const m = firstMoment[i]! + (g - firstMoment[i]!) * (1 - beta1);
    const v = beta2 * secondMoment[i]! + (1 - beta2) * g * g;
    const root = Math.sqrt(v) / Math.sqrt(biasCorrection2) + epsilon;
    parameters[i] = decayed - ((learningRate / biasCorrection1) * m) / root;
    firstMoment[i] = m;
    secondMoment[i] = v;
  }
  return { parameters, firstMoment, secondMoment };
}

/** A whole optimiser step: norm, clip, update. A non-finite gradient changes nothing. */
export function clippedAdamw(
  params: AdamwState & AdamwSettings & { readonly gradient: Float64Array; readonly maxNorm: number },
): AdamwState & {
  /** Before clipping. */
  readonly norm: number;
  readonly finite: boolean;
} {
  const { norm, finite } = gradientNorm(params.gradient);
  if (!finite) {
    const { parameters, firstMoment, secondMoment } = params;
    return { parameters, firstMoment, secondMoment, norm, finite };
  }
  const gradientScale = clipCoefficient({ norm, maxNorm: params.maxNorm });
  return { ...adamw({ ...params, gradientScale }), norm, finite };
}
