// Embedding, in float64: y[n,:] = W[ids[n],:]. Backward: dW[ids[n],:] += dy[n,:], so a token that comes twice adds twice.

import { assert } from "../core/errors";
import { assertShape } from "./lengths.ref";

export interface EmbeddingShape {
  /** V */
  readonly vocabulary: number;
  /** C */
  readonly hidden: number;
  /** (N), each below V */
  readonly ids: Uint32Array;
}

/** `weight` is (V,C). */
export function embedding(params: EmbeddingShape & { readonly weight: Float64Array }): {
  /** (N,C) */
  y: Float64Array;
} {
  const { ids, weight, vocabulary, hidden } = params;
  assertShape("weight", weight, [vocabulary, hidden]);
  const y = new Float64Array(ids.length * hidden);
  ids.forEach((id, n) => {
    assertInVocabulary(id, vocabulary);
    y.set(weight.subarray(id * hidden, (id + 1) * hidden), n * hidden);
  });
  return { y };
}

/** `dy` is (N,C). */
export function embeddingBackward(params: EmbeddingShape & { readonly dy: Float64Array }): {
  /** (V,C) */
  dWeight: Float64Array;
} {
  const { ids, dy, vocabulary, hidden } = params;
  assertShape("dy", dy, [ids.length, hidden]);
  const dWeight = new Float64Array(vocabulary * hidden);
  ids.forEach((id, n) => {
    assertInVocabulary(id, vocabulary);
    for (let c = 0; c < hidden; c++) dWeight[id * hidden + c]! += dy[n * hidden + c]!;
  });
  return { dWeight };
}

function assertInVocabulary(id: number, vocabulary: number): void {
  assert(id < vocabulary, `got token id ${id}, need one below ${vocabulary}`);
}
