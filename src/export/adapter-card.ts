// README.md beside an adapter: what it is, what it was trained on and how to load it, in the form that the Hub reads.

import type { EvaluationMetrics } from "../core/metrics";
import type { RunConfig } from "../core/run-config";
import type { DatasetRecord } from "../core/run-record";
import type { PeftConfig } from "./peft-config";

/** Where an adapter comes from, as far as it is known. */
export type AdapterOrigin =
  | { readonly kind: "imported" }
  | {
      readonly kind: "trained";
      readonly dataset: DatasetRecord;
      readonly config: RunConfig;
      readonly step: number;
      readonly steps: number;
      readonly loss?: number;
      readonly evaluation?: EvaluationMetrics;
      /** Name of the adapter that training began with. */
      readonly startedFrom?: string;
    };

export function adapterCard(
  config: PeftConfig,
  targetModules: readonly string[],
  origin?: AdapterOrigin,
): string {
  // Only a Hub name may stand in the header; a folder's path would make the upload fail.
  const isHubName = /^[\w.-]+\/[\w.-]+$/.test(config.baseModel);
  const base = config.baseModel === "" ? "the base model" : `\`${config.baseModel}\``;
  const header = [
    "---",
    ...(isHubName ? [`base_model: ${config.baseModel}`] : []),
    "library_name: peft",
    "pipeline_tag: text-generation",
    "tags:",
    "- lora",
    "- tabtune",
    "---",
  ];
  const made =
    origin?.kind === "imported"
      ? "Imported into Tabtune and saved again, its weights unchanged."
      : "Trained in a browser tab with Tabtune.";
  return `${header.join("\n")}

# LoRA adapter

${made} It changes ${base} and is of no use without it.

| option | value |
|---|---|
| rank | ${config.rank} |
| alpha | ${config.alpha}${config.rsLora ? " (rsLoRA)" : ""} |
| dropout in training | ${config.dropout} |
| layers | ${targetModules.join(", ")} |
${origin?.kind === "trained" ? trainingSection(origin) : ""}
\`\`\`python
from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained(${JSON.stringify(config.baseModel === "" ? "…" : config.baseModel)})
model = PeftModel.from_pretrained(base, "path/to/this/folder")
\`\`\`
`;
}

function trainingSection(origin: Extract<AdapterOrigin, { kind: "trained" }>): string {
  const { dataset, config, step, steps, loss, evaluation, startedFrom } = origin;
  const rows: readonly (readonly [string, string | number])[] = [
    ["dataset", inTable(dataset.fileName)],
    ["SHA-256 of the dataset", `\`${dataset.sha256}\``],
    ["rows", `${dataset.rows} (${dataset.format})`],
    ...(startedFrom ? [["started from", inTable(startedFrom)] as const] : []),
    ["optimiser steps", step === steps ? step : `${step} of ${steps}`],
    ["rows a micro-batch", config.microBatchSize],
    ["micro-batches a step", config.gradientAccumulation],
    ["learning rate", `${config.learningRate} (${config.schedule})`],
    ["weight decay", config.weightDecay],
    ["cutoff length", `${config.cutoffLength} tokens`],
    ["packing", config.packing ? "yes" : "no"],
    ["trained on prompts", config.trainOnPrompt ? "yes" : "no"],
    ["seed", config.seed],
    ...(loss === undefined ? [] : [["loss of the last step", `${digits(loss)} nats a token`] as const]),
    ...(evaluation
      ? [
          ["loss on held-out rows", `${digits(evaluation.loss)} nats a token`] as const,
          ["perplexity on held-out rows", digits(evaluation.perplexity)] as const,
        ]
      : []),
  ];
  return `
## Training

| setting | value |
|---|---|
${rows.map(([name, value]) => `| ${name} | ${value} |`).join("\n")}
`;
}

/** A person's text where a bar or a line break would end the cell. */
function inTable(text: string): string {
  return text.replace(/[|\\`<>*_[\]]/g, "\\$&").replace(/\s+/g, " ");
}

function digits(value: number): string {
  return String(Number(value.toPrecision(5)));
}
