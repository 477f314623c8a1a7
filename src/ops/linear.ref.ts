// Linear layer with a low-rank adapter, in float64. drop(x) = x∘mask acts on the adapter's branch alone.
//
//   forward    y = x·Wᵀ + bias + s·(drop(x)·Aᵀ)·Bᵀ
//   backward   with h = drop(x)·Aᵀ and dh = s·dy·B:
//              dB = s·dyᵀ·h    dA = dhᵀ·drop(x)    dx = dy·W + (dh·A)∘mask    dW = dyᵀ·x    dbias = Σ_n dy
//
// s is alpha / rank, or alpha / √rank with rsLoRA. All results are fresh arrays; the op adds them to what is there.
// Source: Hu et al. 2021, https://arxiv.org/abs/2106.09685, with dropout placed as in PEFT.

import { assertShape } from "./lengths.ref";
import {
  matmulBackwardBias,
  matmulBackwardInput,
  matmulBackwardWeight,
  matmulForward,
  type MatmulShape,
} from "./matmul.ref";

/** A low-rank update s·B·A of a weight (O,K). */
export interface LowRank {
  /** R */
  readonly rank: number;
  /** s */
  readonly scale: number;
  /** A (R,K) */
  readonly a: Float64Array;
  /** B (O,R) */
  readonly b: Float64Array;
  /** Dropout mask (N,K), 0 or 1/(1−p) an element; without it nothing is dropped. */
  readonly mask?: Float64Array | undefined;
}

export interface LinearInputs extends MatmulShape {
  /** (N,K) */
  readonly x: Float64Array;
  /** (O,K) */
  readonly weight: Float64Array;
  /** (O) */
  readonly bias?: Float64Array | undefined;
  readonly lora?: LowRank | undefined;
}

export interface LinearGradients {
  /** (N,K) */
  dx: Float64Array;
  /** (O,K) */
  dWeight: Float64Array;
  /** (O), also where the layer has no bias */
  dBias: Float64Array;
  /** (R,K); empty without an adapter */
  dA: Float64Array;
  /** (O,R); empty without an adapter */
  dB: Float64Array;
}

export function linear(params: LinearInputs): {
  /** (N,O) */
  y: Float64Array;
} {
  const { lora, tokens, outFeatures } = params;
  const { y } = matmulForward(params);
  if (!lora) return { y };
  const { h } = lowRankHidden(params, lora);
  const update = matmulForward({
    x: h,
    weight: lora.b,
    tokens,
    inFeatures: lora.rank,
    outFeatures,
  }).y;
  return { y: y.map((value, i) => value + lora.scale * update[i]!) };
}

/** `dy` is (N,O). */
export function linearBackward(params: LinearInputs & { readonly dy: Float64Array }): LinearGradients {
  const { dy, x, weight, lora, tokens, inFeatures, outFeatures } = params;
  const shape = { tokens, inFeatures, outFeatures };
  const { dx } = matmulBackwardInput({ ...shape, dy, weight });
  const dWeight = new Float64Array(outFeatures * inFeatures);
  matmulBackwardWeight({ ...shape, dy, x, dWeight });
  const dBias = new Float64Array(outFeatures);
  matmulBackwardBias({ tokens, outFeatures, dy, dBias });
  if (!lora) return { dx, dWeight, dBias, dA: new Float64Array(0), dB: new Float64Array(0) };

  const { rank, scale, a, b, mask } = lora;
  const { dropped, h } = lowRankHidden(params, lora);
  const dUpdate = dy.map((value) => scale * value); // (N,O)
  const upShape = { tokens, inFeatures: rank, outFeatures };
  const dB = new Float64Array(outFeatures * rank);
  matmulBackwardWeight({ ...upShape, dy: dUpdate, x: h, dWeight: dB });
  const dh = matmulBackwardInput({ ...upShape, dy: dUpdate, weight: b }).dx;
  const downShape = { tokens, inFeatures, outFeatures: rank };
  const dA = new Float64Array(rank * inFeatures);
  matmulBackwardWeight({ ...downShape, dy: dh, x: dropped, dWeight: dA });
  const dDropped = matmulBackwardInput({ ...downShape, dy: dh, weight: a }).dx;
  for (let i = 0; i < dx.length; i++) dx[i]! += dDropped[i]! * (mask ? mask[i]! : 1);
  return { dx, dWeight, dBias, dA, dB };
}

/** drop(x) (N,K) and h = drop(x)·Aᵀ (N,R). */
function lowRankHidden(params: LinearInputs, lora: LowRank): { dropped: Float64Array; h: Float64Array } {
  const { x, tokens, inFeatures } = params;
  const { mask } = lora;
  if (mask) assertShape("mask", mask, [tokens, inFeatures]);
  const dropped = mask ? x.map((value, i) => value * mask[i]!) : x;
  const h = matmulForward({ x: dropped, weight: lora.a, tokens, inFeatures, outFeatures: lora.rank }).y;
  return { dropped, h };
}
