// The configuration of the next run, its plan, and the run under way.

import { defaultRunConfig, type RunConfig } from "../../../core/run-config";
import type { RunRecord } from "../../../core/run-record";
import type { RunPlan } from "../../../engine/api";
import type { CreateSlice, Failure } from "../../slice";

export interface TrainSlice {
  readonly config: RunConfig;
  readonly plan?: RunPlan;
  /** The run under way, or the one that has just ended. */
  readonly run?: RunRecord;
  readonly trainFailure?: Failure;
  setConfig(config: RunConfig): void;
}

export const createTrainSlice: CreateSlice<TrainSlice> = (set) => ({
  config: defaultRunConfig,
  setConfig: (config) => set({ config }),
});
