// Picks the next token from logits, in float64 on the CPU: repetition penalty, temperature, top-k, top-p, in the
// order of transformers' generate. Source for the rules: transformers generation/logits_process.py (Apache-2.0).

import { createRandom, type Random } from "../core/random";

export interface SamplingOptions {
  /** 0 is greedy: the likeliest token, the lowest id on a tie. */
  readonly temperature: number;
  /** Keeps only so many of the likeliest tokens; 0 keeps all. */
  readonly topK: number;
  /** Keeps the smallest set of likeliest tokens whose share reaches this; 1 keeps all. */
  readonly topP: number;
  /** Divides positive and multiplies negative logits of tokens already seen; 1 changes nothing. */
  readonly repetitionPenalty: number;
  readonly seed: number;
}

export const greedy: SamplingOptions = { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0 };

export class Sampler {
  private readonly random: Random;
  private readonly seen = new Set<number>();

  constructor(
    private readonly options: SamplingOptions,
    prompt: ArrayLike<number>,
  ) {
    this.random = createRandom(options.seed);
    for (let i = 0; i < prompt.length; i++) this.seen.add(prompt[i]!);
  }

  /** The next token for `logits` (V); remembers it for the repetition penalty. */
  next(logits: Float32Array): number {
    const { temperature, repetitionPenalty } = this.options;
    const scores = Float64Array.from(logits);
    if (repetitionPenalty !== 1) {
      for (const id of this.seen) {
        const score = scores[id]!;
        scores[id] = score > 0 ? score / repetitionPenalty : score * repetitionPenalty;
      }
    }
    const token = temperature === 0 ? likeliest(scores) : this.draw(scores);
    this.seen.add(token);
    return token;
  }

  private draw(scores: Float64Array): number {
    const { temperature, topK, topP } = this.options;
    const order = Array.from(scores.keys()).sort((a, b) => scores[b]! - scores[a]! || a - b);
    const kept = topK > 0 ? order.slice(0, topK) : order;
    const largest = scores[kept[0]!]!;
    const weights = kept.map((id) => Math.exp((scores[id]! - largest) / temperature));
    let total = weights.reduce((sum, weight) => sum + weight, 0);
    let count = kept.length;
    if (topP < 1) {
      let sum = 0;
      count = weights.findIndex((weight) => (sum += weight) >= topP * total) + 1 || count;
      total = weights.slice(0, count).reduce((all, weight) => all + weight, 0);
    }
    let point = this.random.uniform() * total;
    for (let i = 0; i < count; i++) {
      point -= weights[i]!;
      if (point < 0) return kept[i]!;
    }
    return kept[count - 1]!;
  }
}

function likeliest(scores: Float64Array): number {
  let best = 0;
  for (let id = 1; id < scores.length; id++) if (scores[id]! > scores[best]!) best = id;
  return best;
}
