// Head projection and cross-entropy, in float64. For the rows n whose target t is not NO_TARGET, with z = x[n]·Wᵀ + b,
// and with a cap z = cap·tanh((x[n]·Wᵀ + b) / cap):
//
//   forward    lse = ln Σ_v exp z[v]    rowLoss = lse − z[t]    loss = scale·Σ_n rowLoss
//   backward   dz[v] = dLoss·scale·(exp(z[v] − lse) − [v = t]), with a cap times 1 − (z[v]/cap)²
//              dx[n] = dz·W    dW = Σ_n dzᵀ·x[n]
//
// Rows without a target give 0 everywhere. `scale` is 1 / supervised tokens of the whole accumulation window, which
// makes the sum over its micro-batches the token mean.

import { NO_TARGET } from "../core/batch";
import { assert } from "../core/errors";
import { assertShape } from "./lengths.ref";
import { matmulBackwardInput, matmulBackwardWeight, matmulForward } from "./matmul.ref";

export interface LinearCrossEntropyInputs {
  /** C */
  readonly hidden: number;
  /** V */
  readonly vocabulary: number;
  /** (N,C) */
  readonly x: Float64Array;
  /** (V,C) */
  readonly weight: Float64Array;
  /** (V), none by default */
  readonly bias?: Float64Array | undefined;
  /** Bound that the logits approach; none by default. */
  readonly cap?: number | undefined;
  /** (N), a token id or NO_TARGET */
  readonly targets: Uint32Array;
  readonly scale: number;
}

export function linearCrossEntropy(params: LinearCrossEntropyInputs): {
  loss: number;
  /** (N), not scaled; 0 without a target */
  rowLoss: Float64Array;
  /** (N), natural logarithm; 0 without a target */
  lse: Float64Array;
  /** (N), 1 where the largest logit is the target's; of equal logits the lowest id counts as the largest */
  correct: Uint8Array;
} {
  const { targets, scale } = params;
  const rowLoss = new Float64Array(targets.length);
  const lse = new Float64Array(targets.length);
  const correct = new Uint8Array(targets.length);
  forEachTarget(params, ({ n, target, logits, logSum }) => {
    rowLoss[n] = logSum - logits[target]!;
    lse[n] = logSum;
    correct[n] = logits.indexOf(largestOf(logits)) === target ? 1 : 0;
  });
  return { loss: scale * rowLoss.reduce((sum, value) => sum + value, 0), rowLoss, lse, correct };
}

/** `dLoss` is the gradient of what follows by the loss, 1 by default. */
export function linearCrossEntropyBackward(
  params: LinearCrossEntropyInputs & { readonly dLoss?: number | undefined },
): {
  /** (N,C) */
  dx: Float64Array;
  /** (V,C) */
  dWeight: Float64Array;
} {
  const { x, weight, targets, scale, hidden, vocabulary, cap, dLoss = 1 } = params;
  const dLogits = new Float64Array(targets.length * vocabulary);
  forEachTarget(params, ({ n, target, logits, logSum }) => {
    logits.forEach((logit, v) => {
      const slope = cap === undefined ? 1 : 1 - (logit / cap) ** 2;
      dLogits[n * vocabulary + v] =
        dLoss * scale * slope * (Math.exp(logit - logSum) - (v === target ? 1 : 0));
    });
  });
  const shape = { tokens: targets.length, inFeatures: hidden, outFeatures: vocabulary };
  const { dx } = matmulBackwardInput({ ...shape, dy: dLogits, weight });
  const dWeight = new Float64Array(vocabulary * hidden);
  matmulBackwardWeight({ ...shape, dy: dLogits, x, dWeight });
  return { dx, dWeight };
}

interface Row {
  readonly n: number;
  readonly target: number;
  /** (V) */
  readonly logits: Float64Array;
  readonly logSum: number;
}

/** Calls `visit` for each row that has a target. */
function forEachTarget(params: LinearCrossEntropyInputs, visit: (row: Row) => void): void {
  const { x, weight, bias, cap, targets, hidden, vocabulary } = params;
  assertShape("x", x, [targets.length, hidden]);
  targets.forEach((target, n) => {
    if (target === NO_TARGET) return;
    assert(
      target < vocabulary,
      `got target ${target} in row ${n}, need NO_TARGET or one below ${vocabulary}`,
    );
    const products = matmulForward({
      x: x.subarray(n * hidden, (n + 1) * hidden),
      weight,
      tokens: 1,
      inFeatures: hidden,
      outFeatures: vocabulary,
    }).y;
    const shifted = bias ? products.map((value, v) => value + bias[v]!) : products;
    const logits = cap === undefined ? shifted : shifted.map((value) => cap * Math.tanh(value / cap));
    const largest = largestOf(logits);
    const logSum = largest + Math.log(logits.reduce((sum, logit) => sum + Math.exp(logit - largest), 0));
    visit({ n, target, logits, logSum });
  });
}

function largestOf(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}
