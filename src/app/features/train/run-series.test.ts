import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EvaluationMetrics, StepMetrics } from "../../../core/metrics";
import { RunSeries } from "./run-series";

const step = (number: number): StepMetrics => ({
  kind: "step",
  step: number,
  steps: 1000,
  epoch: 0,
  loss: 1 / number,
  tokenAccuracy: 0.5,
  learningRate: number * 1e-3,
  gradientNorm: 2,
  supervisedTokens: 3,
  totalTokens: 4,
  tokensPerSecond: 5,
  secondsLeft: 6,
});
const evaluation: EvaluationMetrics = {
  kind: "evaluation",
  step: 7,
  loss: 0.25,
  tokenAccuracy: 1,
  perplexity: Math.exp(0.25),
  supervisedTokens: 9,
};

describe("the curves of a run", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("keep every step while they grow", () => {
    const series = new RunSeries();
    for (let i = 1; i <= 1000; i++) series.add(step(i));
    const { steps, values } = series.curve("loss");
    expect([steps.length, values.length]).toEqual([1000, 1000]);
    expect(values[999]).toBe(1 / 1000);
    expect(series.curve("learningRate").values[0]).toBe(1e-3);
  });

  it("keep evaluations apart, and forget both when cleared", () => {
    const series = new RunSeries();
    series.add(step(1));
    series.add(evaluation);
    expect([...series.evaluations().values]).toEqual([0.25]);
    expect([...series.evaluations().steps]).toEqual([7]);
    series.clear();
    expect(series.curve("loss").steps).toHaveLength(0);
    expect(series.evaluations().steps).toHaveLength(0);
  });

  it("ring at most ten times a second, and not after the end of a subscription", () => {
    const series = new RunSeries();
    const bell = vi.fn();
    const stop = series.subscribe(bell);
    for (let i = 1; i <= 50; i++) {
      series.add(step(i));
      vi.advanceTimersByTime(10);
    }
    expect(bell).toHaveBeenCalledTimes(5);
    stop();
    series.add(step(51));
    vi.advanceTimersByTime(1000);
    expect(bell).toHaveBeenCalledTimes(5);
  });
});
