// Tokens on their way to the GPU. There is no batch axis: a micro-batch is one stream of N tokens in which every
// document knows where it begins, so rows of different lengths need no padding and packed documents never mix.

/** The target of a token that is not trained on. */
export const NO_TARGET = 0xffffffff;

/** One tokenised example. `trained[i]` says that token i is to be predicted (from the tokens before it). */
export interface TokenSequence {
  readonly ids: Uint32Array;
  readonly trained: Uint8Array;
}

/** One micro-batch: documents laid end to end. All arrays have length N. */
export interface Batch {
  /** Token ids. */
  readonly tokens: Uint32Array;
  /** Position inside the document, for RoPE. */
  readonly positions: Uint32Array;
  /** Index of the first token of the token's document. */
  readonly segmentStart: Uint32Array;
  /** Index one past the last token of the token's document. */
  readonly segmentEnd: Uint32Array;
  /** Id of the next token if it is trained on, else NO_TARGET. */
  readonly targets: Uint32Array;
  /** How many targets are not NO_TARGET. */
  readonly supervised: number;
}

/** Lays documents end to end as one micro-batch. A document's first token is never a target. */
export function layEndToEnd(documents: readonly TokenSequence[]): Batch {
  const count = documents.reduce((sum, { ids }) => sum + ids.length, 0);
  const tokens = new Uint32Array(count);
  const positions = new Uint32Array(count);
  const segmentStart = new Uint32Array(count);
  const segmentEnd = new Uint32Array(count);
  const targets = new Uint32Array(count).fill(NO_TARGET);
  let begin = 0;
  let supervised = 0;
  for (const { ids, trained } of documents) {
    const end = begin + ids.length;
    tokens.set(ids, begin);
    segmentStart.fill(begin, begin, end);
    segmentEnd.fill(end, begin, end);
    for (let i = 0; i < ids.length; i++) {
      positions[begin + i] = i;
      if (i === 0 || !trained[i]) continue;
      targets[begin + i - 1] = ids[i]!;
      supervised++;
    }
    begin = end;
  }
  return { tokens, positions, segmentStart, segmentEnd, targets, supervised };
}
