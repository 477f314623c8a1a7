// The settings as the page words and groups them. What each means and may be stands in core/run-config-check.ts.

import type { LoraConfig, RunConfig } from "../../../core/run-config";
import type { RunConfigField } from "../../../core/run-config-check";

export const settingLabels: Readonly<Record<RunConfigField, string>> = {
  "lora.rank": "Rank",
  "lora.alpha": "Alpha",
  "lora.dropout": "Dropout",
  "lora.targetModules": "Layers to adapt",
  "lora.rsLora": "Rank-stabilised scale (rsLoRA)",
  epochs: "Epochs",
  maxSteps: "Steps",
  microBatchSize: "Batch size",
  gradientAccumulation: "Gradient accumulation",
  learningRate: "Learning rate",
  schedule: "Schedule",
  warmupSteps: "Warm-up steps",
  warmupRatio: "Warm-up share",
  weightDecay: "Weight decay",
  adamBeta1: "Adam β₁",
  adamBeta2: "Adam β₂",
  adamEpsilon: "Adam ε",
  maxGradientNorm: "Gradient clipping",
  cutoffLength: "Cutoff length",
  packing: "Packing",
  trainOnPrompt: "Train on the questions too",
  shuffle: "Shuffle rows",
  seed: "Seed",
  evaluationSplit: "Held-out share",
  evaluationInterval: "Steps between evaluations",
  samplePrompts: "Sample prompts",
  sampleTokens: "Longest sample answer",
};

export interface SettingGroup {
  readonly title: string;
  readonly fields: readonly RunConfigField[];
}

/** What one changes most. */
export const simpleSettings: readonly SettingGroup[] = [
  { title: "Length of the run", fields: ["epochs", "maxSteps"] },
  { title: "Learning", fields: ["learningRate", "lora.rank", "microBatchSize"] },
  { title: "Checking", fields: ["evaluationSplit", "samplePrompts"] },
];

/** All of them. */
export const allSettings: readonly SettingGroup[] = [
  { title: "Length of the run", fields: ["epochs", "maxSteps"] },
  {
    title: "Adapter",
    fields: ["lora.rank", "lora.alpha", "lora.dropout", "lora.targetModules", "lora.rsLora"],
  },
  {
    title: "Learning",
    fields: ["learningRate", "schedule", "warmupSteps", "warmupRatio", "maxGradientNorm", "weightDecay"],
  },
  {
    title: "Batches",
    fields: ["microBatchSize", "gradientAccumulation", "cutoffLength", "packing", "trainOnPrompt", "shuffle"],
  },
  {
    title: "Checking",
    fields: ["evaluationSplit", "evaluationInterval", "samplePrompts", "sampleTokens"],
  },
  { title: "Optimiser and chance", fields: ["adamBeta1", "adamBeta2", "adamEpsilon", "seed"] },
];

/** An adapter that a run starts from decides these. */
export const lockedByAdapter: readonly RunConfigField[] = [
  "lora.rank",
  "lora.alpha",
  "lora.targetModules",
  "lora.rsLora",
];

export function withSetting(config: RunConfig, field: RunConfigField, value: unknown): RunConfig {
  return field.startsWith("lora.")
    ? { ...config, lora: { ...config.lora, [field.slice(5) as keyof LoraConfig]: value } }
    : { ...config, [field]: value };
}
