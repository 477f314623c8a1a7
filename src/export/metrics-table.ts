// A run's metrics for other programs: one row a step, with the evaluation that followed it, or the events as they came.

import type { EvaluationMetrics, RunEvent, StepMetrics } from "../core/metrics";

const stepColumns: readonly (readonly [string, (event: StepMetrics) => number])[] = [
  ["epoch", ({ epoch }) => epoch],
  ["loss_nats", ({ loss }) => loss],
  ["token_accuracy", ({ tokenAccuracy }) => tokenAccuracy],
  ["learning_rate", ({ learningRate }) => learningRate],
  ["gradient_norm", ({ gradientNorm }) => gradientNorm],
  ["supervised_tokens", ({ supervisedTokens }) => supervisedTokens],
  ["total_tokens", ({ totalTokens }) => totalTokens],
  ["tokens_per_second", ({ tokensPerSecond }) => tokensPerSecond],
];

const evaluationColumns: readonly (readonly [string, (event: EvaluationMetrics) => number])[] = [
  ["evaluation_loss_nats", ({ loss }) => loss],
  ["evaluation_token_accuracy", ({ tokenAccuracy }) => tokenAccuracy],
  ["evaluation_perplexity", ({ perplexity }) => perplexity],
  ["evaluation_supervised_tokens", ({ supervisedTokens }) => supervisedTokens],
];

/** RFC 4180. Step 0 has a row when the run was evaluated before its first step. */
export function metricsCsv(events: readonly RunEvent[]): string {
  const steps = new Map<number, StepMetrics>();
  const evaluations = new Map<number, EvaluationMetrics>();
  for (const event of events) {
    if (event.kind === "step") steps.set(event.step, event);
    if (event.kind === "evaluation") evaluations.set(event.step, event);
  }
  const header = ["step", ...stepColumns.map(([name]) => name), ...evaluationColumns.map(([name]) => name)];
  const rows = [...new Set([...steps.keys(), ...evaluations.keys()])]
    .sort((a, b) => a - b)
    .map((step) => [
      step,
      ...stepColumns.map(([, read]) => cell(steps.get(step), read)),
      ...evaluationColumns.map(([, read]) => cell(evaluations.get(step), read)),
    ]);
  return [header, ...rows].map((row) => `${row.join(",")}\r\n`).join("");
}

/** A list; numbers that are not finite are null, since JSON has none. */
export function metricsJson(events: readonly RunEvent[]): string {
  return `${JSON.stringify(events, undefined, 2)}\n`;
}

function cell<Event>(event: Event | undefined, read: (event: Event) => number): string {
  return event === undefined ? "" : String(read(event));
}
