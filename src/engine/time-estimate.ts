// How long a run will take. The work of a run is counted in multiply-adds, from its plan:
//
//   multiplyAdds = totalTokens · (micro-step's multiply-adds / its largest number of tokens)
//                + evaluations · evaluationTokens · (evaluation's multiply-adds / its largest number of tokens)
//                + steps · update's multiply-adds
//
// (Attention's share grows with the square of a row's length, so short rows are counted a little too dear.) The rate
// comes from earlier runs of this model on this adapter: that of the run whose micro-batches, rank and adapted layers
// are nearest, as measured over all its steps. Without one it is the autotune's: multiply-adds a second of the slowest
// matrix product. Small models stay below that rate, since their launches are short.

import type { PreparedRun } from "./training-session";

export interface RunWork {
  readonly multiplyAdds: number;
  readonly multiplyAddsPerToken: number;
  readonly tokensPerMicroBatch: number;
}

/** What one run measured. */
export interface MeasuredSpeed {
  readonly tokensPerMicroBatch: number;
  readonly multiplyAddsPerToken: number;
  readonly multiplyAddsPerSecond: number;
}

/** Speeds kept for each model and adapter. */
export const MOST_SPEEDS = 12;

export function workOf({ plans, capacity, schedule, config, ...run }: PreparedRun): RunWork {
  const { microStep, evaluation, update } = plans.training;
  const perToken = (plan: typeof microStep): number => multiplyAddsOf(plan) / capacity.tokens;
  const multiplyAddsPerToken = perToken(microStep);
  const microBatches =
    schedule.steps * Math.min(config.gradientAccumulation, microBatchesPerStep(run, config));
  return {
    multiplyAdds:
      run.totalTokens * multiplyAddsPerToken +
      evaluations(schedule.steps, config.evaluationInterval) * run.evaluationTokens * perToken(evaluation) +
      schedule.steps * multiplyAddsOf(update),
    multiplyAddsPerToken,
    tokensPerMicroBatch: run.totalTokens / Math.max(1, microBatches),
  };
}

/** Undefined when nothing was measured. */
export function secondsOf(
  work: RunWork,
  measured: readonly MeasuredSpeed[],
  tunedRate: number | undefined,
): number | undefined {
  const distance = (speed: MeasuredSpeed): number =>
    Math.abs(Math.log(speed.tokensPerMicroBatch / work.tokensPerMicroBatch)) +
    Math.abs(Math.log(speed.multiplyAddsPerToken / work.multiplyAddsPerToken));
  const [nearest] = [...measured].sort((a, b) => distance(a) - distance(b));
  const rate = nearest?.multiplyAddsPerSecond ?? tunedRate;
  return rate === undefined ? undefined : work.multiplyAdds / rate;
}

function multiplyAddsOf({
  launches,
}: {
  readonly launches: readonly { readonly multiplyAdds: number }[];
}): number {
  return launches.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
}

/** Before the first step, at every interval and after the last step. */
function evaluations(steps: number, interval: number): number {
  if (interval <= 0) return 2;
  return 1 + Math.ceil(steps / interval);
}

function microBatchesPerStep(
  { trainingRows, stepsPerEpoch }: Pick<PreparedRun, "trainingRows" | "stepsPerEpoch">,
  { microBatchSize }: PreparedRun["config"],
): number {
  return Math.max(1, trainingRows / microBatchSize / stepsPerEpoch);
}
