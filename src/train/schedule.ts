// Learning-rate schedules as transformers' get_scheduler makes them: s optimiser steps done, w warm-up, T in all.
//   s < w: s / w, so the first step of a warm-up runs with 0
//   linear: (T − s) / (T − w)     cosine: ½·(1 + cos(π·(s − w) / (T − w)))     constant: 1
// Source: transformers optimization.py (Apache-2.0).

import type { RunConfig } from "../core/run-config";

/** Warm-up in steps: the given count, else the ratio rounded up. */
export function warmupOf(config: Pick<RunConfig, "warmupSteps" | "warmupRatio">, steps: number): number {
  return config.warmupSteps > 0 ? config.warmupSteps : Math.ceil(steps * config.warmupRatio);
}

/** Learning rate of the step after `done` steps, as a share of the configured one. */
export function learningRateShare(
  schedule: RunConfig["schedule"],
  done: number,
  warmup: number,
  steps: number,
): number {
  if (done < warmup) return done / Math.max(1, warmup);
  const progress = (done - warmup) / Math.max(1, steps - warmup);
  switch (schedule) {
    case "linear":
      return Math.max(0, (steps - done) / Math.max(1, steps - warmup));
    case "cosine":
      return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
    case "constant":
      return 1;
    default:
      throw new Error(`internal: no schedule ${String(schedule satisfies never)}`);
  }
}
