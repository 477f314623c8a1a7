// Causal grouped-query attention over documents laid end to end, in float64. With j over the keys that query i sees,
// and g = ⌊h·G/H⌋ the key/value head that query head h reads:
//
//   forward    S[j] = scale·q[i,h]·k[j,g], with a cap: cap·tanh(scale·q[i,h]·k[j,g] / cap)
//              P = softmax(S)    o[i,h] = Σ_j P[j]·v[j,g]    lse[i,h] = ln Σ_j exp S[j]
//   backward   dP[j] = do[i,h]·v[j,g]        dS = P∘(dP − Σ_j P[j]·dP[j]), with a cap ∘(1 − (S/cap)²)
//              dq[i,h] = scale·Σ_j dS[j]·k[j,g]
//              dk[j,g] = scale·Σ_{h of g} Σ_i dS[j]·q[i,h]    dv[j,g] = Σ_{h of g} Σ_i P[j]·do[i,h]
//
// Query i stands at key index past + i and sees keys segmentStart[i] … past + i, its own included. In training
// past = 0 and there are as many keys as queries. A window leaves the last `window` of these keys, its own included. In generation the keys are the cache: `past` earlier ones come
// first, and the cache may be longer than what is filled.
// Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; groups: Ainslie et al. 2023, https://arxiv.org/abs/2305.13245;
// windows: Jiang et al. 2023, https://arxiv.org/abs/2310.06825; caps: Gemma Team 2024, https://arxiv.org/abs/2408.00118

import { assert } from "../core/errors";
import { assertShape } from "./lengths.ref";

export interface AttentionInputs {
  /** H, a multiple of G */
  readonly queryHeads: number;
  /** G */
  readonly keyHeads: number;
  /** D */
  readonly headSize: number;
  /** Factor of the scores, 1/√D as a rule. */
  readonly scale: number;
  /** (N,H,D) */
  readonly q: Float64Array;
  /** (M,G,D) with M ≥ past + N */
  readonly k: Float64Array;
  /** (M,G,D) */
  readonly v: Float64Array;
  /** (N), index of the first key that each query sees; at most past + i */
  readonly segmentStart: Uint32Array;
  /** Keys in front of the first query's own; 0 by default. */
  readonly past?: number | undefined;
  /** Keys that a query sees, its own included; all by default. */
  readonly window?: number | undefined;
  /** Bound that the scores approach; none by default. */
  readonly cap?: number | undefined;
}

export function attention(params: AttentionInputs): {
  /** (N,H,D) */
  o: Float64Array;
  /** (N,H), natural logarithm */
  lse: Float64Array;
} {
  const { queryHeads, headSize, q, v, segmentStart } = params;
  const o = new Float64Array(q.length);
  const lse = new Float64Array(segmentStart.length * queryHeads);
  forEachQuery(params, ({ n, h, row, firstKey, keyRow, probabilities, logSum }) => {
    lse[n * queryHeads + h] = logSum;
    probabilities.forEach((p, nth) => {
      for (let d = 0; d < headSize; d++) o[row + d]! += p * v[keyRow(firstKey + nth) + d]!;
    });
  });
  return { o, lse };
}

/** `dO` is (N,H,D). */
export function attentionBackward(params: AttentionInputs & { readonly dO: Float64Array }): {
  /** (N,H,D) */
  dq: Float64Array;
  /** (M,G,D) */
  dk: Float64Array;
  /** (M,G,D) */
  dv: Float64Array;
} {
  const { headSize, scale, q, k, v, dO, cap } = params;
  assertShape("dO", dO, [q.length]);
  const dq = new Float64Array(q.length);
  const dk = new Float64Array(k.length);
  const dv = new Float64Array(v.length);
  forEachQuery(params, ({ row, firstKey, keyRow, probabilities, scores }) => {
    const dP = probabilities.map((_, nth) => dot(dO, row, v, keyRow(firstKey + nth), headSize));
    const mean = probabilities.reduce((sum, p, nth) => sum + p * dP[nth]!, 0);
    probabilities.forEach((p, nth) => {
      const at = keyRow(firstKey + nth);
      const slope = cap === undefined ? 1 : 1 - (scores[nth]! / cap) ** 2;
      const dS = p * (dP[nth]! - mean) * slope;
      for (let d = 0; d < headSize; d++) {
        dq[row + d]! += scale * dS * k[at + d]!;
        dk[at + d]! += scale * dS * q[row + d]!;
        dv[at + d]! += p * dO[row + d]!;
      }
    });
  });
  return { dq, dk, dv };
}

interface Query {
  readonly n: number;
  readonly h: number;
  /** Where q[n,h,0] lies. */
  readonly row: number;
  readonly firstKey: number;
  /** Where k[j,g,0] lies for the head's g. */
  readonly keyRow: (j: number) => number;
  /** One for each key from firstKey on, capped. */
  readonly scores: Float64Array;
  readonly probabilities: Float64Array;
  readonly logSum: number;
}

/** Calls `visit` for each token and query head, with the softmax over its keys. */
function forEachQuery(params: AttentionInputs, visit: (query: Query) => void): void {
  const { queryHeads, keyHeads, headSize, scale, q, k, v, segmentStart, past = 0, cap } = params;
  const { window = Infinity } = params;
  assert(queryHeads % keyHeads === 0, `got ${queryHeads} query heads, need a multiple of ${keyHeads}`);
  assertShape("q", q, [segmentStart.length, queryHeads, headSize]);
  assertShape("v", v, [k.length]);
  const keys = k.length / (keyHeads * headSize);
  assert(
    Number.isInteger(keys) && keys >= past + segmentStart.length,
    `got ${keys} keys, need at least ${past} + ${segmentStart.length}`,
  );
  segmentStart.forEach((start, n) => {
    assert(start <= past + n, `got first key ${start} for query ${n}, need at most ${past + n}`);
    const firstKey = Math.max(start, past + n + 1 - window);
    for (let h = 0; h < queryHeads; h++) {
      const g = Math.floor(h / (queryHeads / keyHeads));
      const row = (n * queryHeads + h) * headSize;
      const keyRow = (j: number): number => (j * keyHeads + g) * headSize;
      const scores = Float64Array.from({ length: past + n - firstKey + 1 }, (_, nth) =>
        capped(scale * dot(q, row, k, keyRow(firstKey + nth), headSize), cap),
      );
      const largest = scores.reduce((a, b) => Math.max(a, b), -Infinity);
      const logSum = largest + Math.log(scores.reduce((sum, score) => sum + Math.exp(score - largest), 0));
      const probabilities = scores.map((score) => Math.exp(score - logSum));
      visit({ n, h, row, firstKey, keyRow, scores, probabilities, logSum });
    }
  });
}

function capped(score: number, cap: number | undefined): number {
  return cap === undefined ? score : cap * Math.tanh(score / cap);
}

function dot(a: Float64Array, aStart: number, b: Float64Array, bStart: number, length: number): number {
  let sum = 0;
  for (let d = 0; d < length; d++) sum += a[aStart + d]! * b[bStart + d]!;
  return sum;
}
