// run.json: everything that decides a run besides the model and the data. The page exports and imports this very
// object; the headless command reads it. Names follow transformers' TrainingArguments and PEFT's LoraConfig.

export interface LoraConfig {
  /** Rank R of the update B·A. */
  readonly rank: number;
  /** Scale numerator: the update is scaled by alpha / rank (alpha / √rank with rsLoRA). */
  readonly alpha: number;
  /** Probability that an input element of the LoRA branch is dropped. */
  readonly dropout: number;
  /** Module names such as "q_proj", or "all-linear" for every linear layer but the head. */
  readonly targetModules: readonly string[] | "all-linear";
  readonly rsLora: boolean;
}

export interface RunConfig {
  readonly lora: LoraConfig;
  /** Passes over the training rows. Ignored when maxSteps > 0. */
  readonly epochs: number;
  /** Optimiser steps; 0 means: as many as `epochs` gives. */
  readonly maxSteps: number;
  /** Rows a micro-batch (with packing: packed rows of at most cutoffLength tokens). */
  readonly microBatchSize: number;
  /** Micro-batches an optimiser step; the loss is the token mean over all of them. */
  readonly gradientAccumulation: number;
  readonly learningRate: number;
  readonly schedule: "linear" | "cosine" | "constant";
  /** Warm-up in optimiser steps; when 0, warmupRatio decides. */
  readonly warmupSteps: number;
  /** Warm-up as a share of all optimiser steps, 0 to 1. */
  readonly warmupRatio: number;
  readonly weightDecay: number;
  readonly adamBeta1: number;
  readonly adamBeta2: number;
  readonly adamEpsilon: number;
  /** Largest global gradient norm; 0 turns clipping off. */
  readonly maxGradientNorm: number;
  /** Rows longer than this many tokens are cut at the end. */
  readonly cutoffLength: number;
  /** Join several rows into one of at most cutoffLength tokens; documents never see each other. */
  readonly packing: boolean;
  /** Train on system and user tokens as well, not on the answers alone. */
  readonly trainOnPrompt: boolean;
  /** Reorder the rows each epoch (seeded); false replays the file's order. */
  readonly shuffle: boolean;
  readonly seed: number;
  /** Share of the rows held out for evaluation, 0 to 1 (exclusive). */
  readonly evaluationSplit: number;
  /** Optimiser steps between evaluations; 0 evaluates only before the first and after the last step. */
  readonly evaluationInterval: number;
  /** Prompts answered at every evaluation. */
  readonly samplePrompts: readonly string[];
  /** New tokens a sample answer may have. */
  readonly sampleTokens: number;
}

export const defaultRunConfig: RunConfig = {
  lora: { rank: 16, alpha: 32, dropout: 0, targetModules: "all-linear", rsLora: false },
  epochs: 3,
  maxSteps: 0,
  microBatchSize: 4,
  gradientAccumulation: 1,
  learningRate: 2e-4,
  schedule: "linear",
  warmupSteps: 0,
  warmupRatio: 0.05,
  weightDecay: 0,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-8,
  maxGradientNorm: 1,
  cutoffLength: 512,
  packing: false,
  trainOnPrompt: false,
  shuffle: true,
  seed: 42,
  evaluationSplit: 0.1,
  evaluationInterval: 0,
  samplePrompts: [],
  sampleTokens: 64,
};
