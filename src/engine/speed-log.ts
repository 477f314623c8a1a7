// What runs measured, kept for the estimates of later ones.

import type { RunEvent } from "../core/metrics";
import type { Store } from "../storage/store";
import { MOST_SPEEDS, secondsOf, type MeasuredSpeed, type RunWork } from "./time-estimate";

export interface SpeedMeter {
  add(event: RunEvent): void;
  /** Keeps what was measured, if it was enough. */
  keep(): Promise<void>;
}

/** Fewer steps say little. */
const LEAST_STEPS = 5;

export class SpeedLog {
  constructor(private readonly store: Promise<Store>) {}

  async seconds(
    gpu: string,
    model: string,
    work: RunWork,
    tunedRate: number | undefined,
  ): Promise<number | undefined> {
    return secondsOf(work, await this.measured(gpu, model), tunedRate);
  }

  meter(gpu: string, model: string, work: RunWork): SpeedMeter {
    let steps = 0;
    let tokens = 0;
    let seconds = 0;
    return {
      add: (event) => {
        if (event.kind !== "step") return;
        steps++;
        tokens += event.totalTokens;
        seconds += event.totalTokens / event.tokensPerSecond;
      },
      keep: async () => {
        if (steps < LEAST_STEPS) return;
        const { tokensPerMicroBatch, multiplyAddsPerToken } = work;
        const multiplyAddsPerSecond = (tokens * multiplyAddsPerToken) / seconds;
        const speeds = await this.measured(gpu, model);
        const speed = { tokensPerMicroBatch, multiplyAddsPerToken, multiplyAddsPerSecond };
        await (
          await this.store
        ).settings.putOrHold(keyOf(gpu, model), [speed, ...speeds].slice(0, MOST_SPEEDS));
      },
    };
  }

  private async measured(gpu: string, model: string): Promise<readonly MeasuredSpeed[]> {
    const { settings } = await this.store;
    const stored = await settings.get(keyOf(gpu, model)).catch(() => undefined);
    return (stored as readonly MeasuredSpeed[] | undefined) ?? [];
  }
}

function keyOf(gpu: string, model: string): string {
  return `speed/${model}/${gpu}`;
}
