// What a run tells while it goes.

/** One optimiser step. */
export interface StepMetrics {
  readonly kind: "step";
  /** Optimiser steps done, this one included. */
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  /** Mean cross-entropy over the step's supervised tokens, in nats. */
  readonly loss: number;
  /** Share of the supervised tokens whose most likely prediction was right. */
  readonly tokenAccuracy: number;
  /** The learning rate used in this step. */
  readonly learningRate: number;
  /** Global gradient norm before clipping. */
  readonly gradientNorm: number;
  readonly supervisedTokens: number;
  readonly totalTokens: number;
  /** Total tokens over time, of the last steps: four or more, over a second or more. */
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

/** An evaluation on the held-out rows. All means are over tokens, not over rows or batches. */
export interface EvaluationMetrics {
  readonly kind: "evaluation";
  /** Optimiser steps done before it. */
  readonly step: number;
  readonly loss: number;
  readonly tokenAccuracy: number;
  /** exp(loss) */
  readonly perplexity: number;
  readonly supervisedTokens: number;
}

/** Greedy answers to the run's sample prompts, made whenever a run is evaluated. */
export interface SampleAnswers {
  readonly kind: "samples";
  /** Optimiser steps done before them. */
  readonly step: number;
  readonly answers: readonly { readonly prompt: string; readonly answer: string }[];
}

/** How a run ended. */
export interface RunEnd {
  readonly kind: "end";
  readonly reason: "finished" | "stopped" | "non-finite";
  readonly step: number;
  readonly message: string;
}

export type RunEvent = StepMetrics | EvaluationMetrics | SampleAnswers | RunEnd;
