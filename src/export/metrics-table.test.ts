import { describe, expect, it } from "vitest";
import type { RunEvent, StepMetrics } from "../core/metrics";
import { metricsCsv, metricsJson } from "./metrics-table";

const step = (number: number, loss: number): StepMetrics => ({
  kind: "step",
  step: number,
  steps: 2,
  epoch: 0,
  loss,
  tokenAccuracy: 0.5,
  learningRate: 1e-7,
  gradientNorm: 2,
  supervisedTokens: 3,
  totalTokens: 4,
  tokensPerSecond: 5.25,
  secondsLeft: 6,
});

const evaluation = (number: number, loss: number) =>
  ({
    kind: "evaluation",
    step: number,
    loss,
    tokenAccuracy: 0.25,
    perplexity: 7,
    supervisedTokens: 8,
  }) as const;

const events: RunEvent[] = [
  evaluation(0, 3),
  { kind: "samples", step: 0, answers: [{ prompt: "a,b", answer: "c" }] },
  step(1, 2.5),
  step(2, NaN),
  evaluation(2, 1),
  { kind: "end", reason: "finished", step: 2, message: "Finished 2 steps." },
];

describe("a run's metrics", () => {
  it("as CSV have a row a step, with the evaluation that followed it", () => {
    expect(metricsCsv(events).split("\r\n")).toEqual([
      "step,epoch,loss_nats,token_accuracy,learning_rate,gradient_norm,supervised_tokens,total_tokens,tokens_per_second," +
        "evaluation_loss_nats,evaluation_token_accuracy,evaluation_perplexity,evaluation_supervised_tokens",
      "0,,,,,,,,,3,0.25,7,8",
      "1,0,2.5,0.5,1e-7,2,3,4,5.25,,,,",
      "2,0,NaN,0.5,1e-7,2,3,4,5.25,1,0.25,7,8",
      "",
    ]);
  });

  it("as JSON are the events, with null for what is no number", () => {
    const read = JSON.parse(metricsJson(events)) as { kind: string; loss?: number | null }[];
    expect(read.map(({ kind }) => kind)).toEqual(events.map(({ kind }) => kind));
    expect(read[3]!.loss).toBeNull();
  });
});
