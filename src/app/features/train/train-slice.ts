// The settings of the next run, its plan, and the run under way. Curves are kept apart, in run-series.ts.

import type { RunEvent, SampleAnswers, StepMetrics, EvaluationMetrics } from "../../../core/metrics";
import type { RunConfig } from "../../../core/run-config";
import { parseRunConfig } from "../../../core/run-config-check";
import type { RunRecord } from "../../../core/run-record";
import type { Progress, RunPlan, RunStart, RunUpdate } from "../../../engine/api";
import { callback } from "../../../engine/client";
import { engine } from "../../engine";
import { failureOf, type CreateSlice, type Failure } from "../../slice";
import { keepConfig, keptConfig } from "./kept-config";
import { runSeries } from "./run-series";

export type Phase = "idle" | "preparing" | "running" | "paused" | "stopping" | "ended";

export interface TrainSlice {
  readonly config: RunConfig;
  /** Adapter to start from, instead of a new one. */
  readonly startFrom?: string | undefined;
  readonly plan?: RunPlan | undefined;
  readonly isPlanning: boolean;
  readonly planFailure?: Failure | undefined;
  readonly phase: Phase;
  /** While the run is prepared. */
  readonly preparing?: Progress | undefined;
  /** The run under way, or the one that has just ended. */
  readonly run?: RunRecord | undefined;
  readonly lastStep?: StepMetrics | undefined;
  readonly evaluations: readonly EvaluationMetrics[];
  readonly sampleAnswers: readonly SampleAnswers[];
  readonly trainFailure?: Failure | undefined;
  setConfig(config: RunConfig): void;
  updateConfig(changes: Partial<RunConfig>): void;
  /** Takes the settings from a run.json. Rejects with what is wrong in it. */
  importConfig(file: File): Promise<void>;
  startFromAdapter(id: string | undefined): void;
  planRun(): Promise<void>;
  /** Resolves at the run's end, with `run` as it ended. */
  startRun(): Promise<void>;
  /** Goes on with an interrupted or stopped run, from its last saved step. */
  resumeRun(id: string): Promise<void>;
  pauseRun(): Promise<void>;
  continueRun(): Promise<void>;
  stopRun(): Promise<void>;
  dismissTrainFailure(): void;
}

export const createTrainSlice: CreateSlice<TrainSlice> = (set, get) => {
  let plans = 0;

  const take = (events: readonly RunEvent[]): void => {
    events.forEach((event) => runSeries.add(event));
    const lastStep = events.findLast((event) => event.kind === "step");
    const evaluations = events.filter((event) => event.kind === "evaluation");
    const samples = events.filter((event) => event.kind === "samples");
    const { run } = get();
    set({
      ...(lastStep && {
        lastStep,
        ...(run && { run: { ...run, step: lastStep.step, loss: lastStep.loss } }),
      }),
      ...(evaluations.length > 0 && { evaluations: [...get().evaluations, ...evaluations] }),
      ...(samples.length > 0 && { sampleAnswers: [...get().sampleAnswers, ...samples] }),
    });
  };

  const onUpdate = (update: RunUpdate): void => {
    switch (update.kind) {
      case "preparing":
        return set({ preparing: update.progress });
      case "started":
        return set({
          run: update.run,
          preparing: undefined,
          ...(get().phase === "preparing" && { phase: "running" }),
        });
      case "events":
        return take(update.events);
      case "stored":
        return;
      default:
        return update satisfies never;
    }
  };

  const follow = async (start: RunStart, before: readonly RunEvent[] = []): Promise<void> => {
    if (isUnderWay(get().phase)) return;
    runSeries.clear();
    set({
      phase: "preparing",
      preparing: undefined,
      run: undefined,
      lastStep: undefined,
      evaluations: [],
      sampleAnswers: [],
      trainFailure: undefined,
    });
    take(before);
    try {
      await get().closeChat();
      void get().keepStorage(); // Firefox asks the person; the run need not wait for that
      set({ run: await engine.train(start, callback(onUpdate)), phase: "ended" });
    } catch (error) {
      const failure = failureOf(error);
      const { run } = get();
      // Stopped before the first step: nothing has happened.
      if (failure.name === "stopped" || !run) set({ phase: "idle", run: undefined });
      else set({ phase: "ended", run: { ...run, status: "failed", message: failure.message } });
      if (failure.name !== "stopped") set({ trainFailure: failure });
    } finally {
      set({ preparing: undefined });
      await get().refreshStored();
      await get().refreshStorage();
    }
  };

  const ask = async (phase: Phase, order: () => Promise<void>): Promise<void> => {
    const { run } = get();
    const status = phase === "paused" ? "paused" : "running";
    set({ phase, ...(run && { run: { ...run, status } }) });
    await order();
  };

  return {
    config: keptConfig(),
    isPlanning: false,
    phase: "idle",
    evaluations: [],
    sampleAnswers: [],
    setConfig: (config) => {
      keepConfig(config);
      set({ config });
    },
    updateConfig: (changes) => get().setConfig({ ...get().config, ...changes }),
    importConfig: async (file) => get().setConfig(parseRunConfig(await file.text(), file.name)),
    startFromAdapter: (startFrom) => set({ startFrom }),
    planRun: async () => {
      const { dataset, model, config } = get();
      if (!dataset || !model || isUnderWay(get().phase)) return;
      const asked = ++plans;
      set({ isPlanning: true });
      try {
        const plan = await engine.planRun(config);
        if (asked === plans) set({ plan, planFailure: undefined, isPlanning: false });
      } catch (error) {
        const failure = failureOf(error);
        if (asked !== plans) return;
        set({ isPlanning: false, plan: undefined });
        if (failure.name !== "stopped") set({ planFailure: failure });
      }
    },
    startRun: () => {
      const { config, startFrom } = get();
      return follow({ config, ...(startFrom && { adapter: startFrom }) });
    },
    resumeRun: async (id) => {
      const record = get().runs.find((run) => run.id === id);
      if (!record) return;
      const events = await engine.metrics(id).catch(() => []);
      const before = events.filter((event) => event.kind !== "end" && event.step <= record.savedStep);
      await follow({ config: record.config, resume: id }, record.savedStep > 0 ? before : []);
    },
    pauseRun: () => ask("paused", () => engine.pauseRun()),
    continueRun: () => ask("running", () => engine.continueRun()),
    stopRun: () => ask("stopping", () => engine.stopRun()),
    dismissTrainFailure: () => set({ trainFailure: undefined }),
  };
};

export function isUnderWay(phase: Phase): boolean {
  return phase !== "idle" && phase !== "ended";
}
