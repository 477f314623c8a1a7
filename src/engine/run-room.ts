// The one run that may be under way: prepared, trained in segments, paused, stopped, gone on with.
//
// A segment ends wherever something is to be stored: after an evaluation, after half a minute, at a pause, at the end.
// Between two segments no step is in flight, so that adapter, checkpoint and metrics tell of the same step. Training
// goes on from where the trainer stands and gives the same numbers as without the break.

import { AppError, assert } from "../core/errors";
import type { Checkpoint } from "../core/checkpoint";
import type { RunEnd, RunEvent } from "../core/metrics";
import type { RunConfig } from "../core/run-config";
import { parseRunConfig } from "../core/run-config-check";
import type { RunRecord } from "../core/run-record";
import type { TokenizedDataset } from "../data/tokenize-example";
import type { PeftAdapter } from "../export/peft";
import type { Store } from "../storage/store";
import { RunControl } from "../train/run-control";
import type { AdapterLibrary } from "./adapter-library";
import type { OnProgress, RunListener, RunPlan, RunStart } from "./api";
import { tokenizeSlowly, type DatasetRoom, type OpenedDataset } from "./dataset-room";
import { freeName } from "./free-name";
import type { GpuRoom } from "./gpu-room";
import { runLock, type Locks, type Unlock } from "./locks";
import type { ModelRoom, OpenedReference } from "./model-room";
import { randomId } from "./random-id";
import type { RunLibrary } from "./run-library";
import { RunRecorder } from "./run-recorder";
import { SpeedLog } from "./speed-log";
import { throttledProgress } from "./throttle";
import { workOf } from "./time-estimate";
import { prepareRun, TrainingSession, tunedRun, type PreparedRun } from "./training-session";

export interface RunRoomParts {
  readonly gpu: GpuRoom;
  readonly models: ModelRoom;
  readonly datasets: DatasetRoom;
  readonly adapters: AdapterLibrary;
  readonly runs: RunLibrary;
  readonly store: Promise<Store>;
  readonly locks: Locks;
  readonly onStored: () => void;
}

/** What a run begins with. */
interface Beginning {
  readonly record: RunRecord;
  readonly model: OpenedReference;
  readonly opened: OpenedDataset;
  readonly tokenized: TokenizedDataset;
  readonly adapter?: PeftAdapter;
  readonly checkpoint?: Checkpoint;
  readonly kept: readonly RunEvent[];
}

const SAVE_MILLISECONDS = 30_000;

export class RunRoom {
  private current: RunUnderWay | undefined;
  private readonly speeds: SpeedLog;

  constructor(private readonly parts: RunRoomParts) {
    this.speeds = new SpeedLog(parts.store);
  }

  get isUnderWay(): boolean {
    return this.current !== undefined;
  }

  async plan(given: RunConfig): Promise<RunPlan> {
    const { models, datasets, gpu } = this.parts;
    const config = parseRunConfig(given, "The settings");
    const model = await models.opened();
    const { dataset } = datasets.opened;
    const tokenized = await datasets.tokenize(model, config);
    const tuning = await gpu.knownTuning();
    const run = prepareRun(model, config, dataset, tokenized);
    const { plans, schedule, ...prepared } = tuning ? tunedRun(run, tuning) : run;
    const seconds = tuning
      ? await this.speeds.seconds(await gpu.key(), model.name, workOf(run), tuning.multiplyAddsPerSecond)
      : undefined;
    return {
      memory: plans.memory,
      recomputesLayers: plans.recomputesLayers,
      trainableParameters: trainableParameters(run),
      trainingRows: prepared.trainingRows,
      evaluationRows: prepared.evaluationRows,
      steps: schedule.steps,
      stepsPerEpoch: prepared.stepsPerEpoch,
      totalTokens: prepared.totalTokens,
      ...(seconds !== undefined && { seconds }),
    };
  }

  /** The caller has made sure that no other run is under way. `makeRoom` gives up what else holds GPU memory. */
  async train(start: RunStart, listener: RunListener, makeRoom: () => Promise<void>): Promise<RunRecord> {
    assert(!this.current, "a run is under way");
    const run = new RunUnderWay();
    this.current = run;
    const progress = throttledProgress((update) => listener({ kind: "preparing", progress: update }));
    let unlock: Unlock | undefined;
    try {
      await makeRoom();
      const id = start.resume ?? randomId();
      unlock = await this.parts.locks.take(runLock(id), "exclusive");
      if (!unlock) throw new AppError("busy", "This run is under way in another tab.");
      const beginning = start.resume
        ? await this.resumed(start.resume, progress)
        : await this.begun(id, start, progress);
      return await this.carryOut(beginning, run, listener, progress);
    } finally {
      this.current = undefined;
      unlock?.();
      this.parts.onStored();
    }
  }

  pause(): void {
    this.current?.ask("pause");
  }

  continue(): void {
    this.current?.ask("run");
  }

  stop(): void {
    this.current?.ask("stop");
  }

  private async begun(id: string, start: RunStart, onProgress: OnProgress): Promise<Beginning> {
    const { models, datasets, adapters, store } = this.parts;
    const model = await models.opened();
    const adapter = start.adapter ? await adapters.read(start.adapter, model) : undefined;
    const config = withAdapterShape(parseRunConfig(start.config, "The settings"), adapter);
    const opened = datasets.opened;
    const tokenized = await datasets.tokenize(model, config, onProgress);
    const stored = await store;
    const record: RunRecord = {
      id,
      name: freeName(start.name?.trim() || defaultName(opened), await stored.names()),
      model: model.reference,
      dataset: opened.record,
      config,
      ...(start.adapter && { startedFrom: start.adapter }),
      status: "running",
      startedAt: Date.now(),
      step: 0,
      steps: 0,
      savedStep: 0,
    };
    return { record, model, opened, tokenized, kept: [], ...(adapter && { adapter }) };
  }

  /** A run that was never saved begins again at step 0. */
  private async resumed(id: string, onProgress: OnProgress): Promise<Beginning> {
    const { models, datasets, adapters, runs } = this.parts;
    const record = await runs.record(id);
    refuseEnded(record);
    const store = await this.parts.store;
    const model = await models.open(record.model, onProgress);
    const checkpoint = await store.checkpoints.get(id);
    const step = checkpoint?.step ?? 0;
    const from =
      !checkpoint && record.startedFrom ? await adapters.read(record.startedFrom, model) : undefined;
    const opened = await datasets.find(record.dataset.sha256);
    const tokenized = datasets.isOpen(opened)
      ? await datasets.tokenize(model, record.config, onProgress)
      : await tokenizeSlowly(opened.dataset, model, record.config, { onProgress });
    const kept = (await store.events(id)).filter(
      (event) => event.kind !== "end" && event.step <= step && step > 0,
    );
    const loss = kept.findLast((event) => event.kind === "step")?.loss;
    const evaluation = kept.findLast((event) => event.kind === "evaluation");
    return {
      record: {
        ...withoutEnd(record),
        status: "running",
        step,
        savedStep: step,
        ...(loss !== undefined && { loss }),
        ...(evaluation && { evaluation }),
      },
      model,
      opened,
      tokenized,
      kept,
      ...(from && { adapter: from }),
      ...(checkpoint && { checkpoint }),
    };
  }

  private async carryOut(
    beginning: Beginning,
    run: RunUnderWay,
    listener: RunListener,
    onProgress: OnProgress,
  ): Promise<RunRecord> {
    const { gpu: room, datasets, onStored } = this.parts;
    const { model, opened, tokenized, checkpoint, adapter } = beginning;
    const store = await this.parts.store;
    let recorder: RunRecorder | undefined;
    let session: TrainingSession | undefined;
    try {
      const gpu = await room.open();
      const tuning = await room.tuning(onProgress);
      const { config } = beginning.record;
      const prepared = tunedRun(prepareRun(model, config, opened.dataset, tokenized), tuning);
      const onLoaded = (share: number): void => {
        const total = prepared.plans.memory.weights;
        onProgress({ task: "Weights", done: Math.round(share * total), total, unit: "bytes" });
      };
      session = await TrainingSession.open(gpu, prepared, adapter, onLoaded);
      if (checkpoint) session.trainer.restore(checkpoint);
      if (run.wants("stop")) throw new AppError("stopped", "Stopped before the first step.");
      await datasets.keep(opened);
      const record = { ...beginning.record, steps: prepared.schedule.steps };
      recorder = await RunRecorder.start(store, record, beginning.kept, listener, onStored);
      const meter = this.speeds.meter(await room.key(), model.name, workOf(prepared));
      return await this.trainInSegments(session, run, recorder, model.name, (event) =>
        meter.add(event),
      ).finally(() => meter.keep());
    } catch (thrown) {
      const error = await room.explained(thrown);
      await recorder?.fail(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      session?.dispose();
    }
  }

  private async trainInSegments(
    session: TrainingSession,
    run: RunUnderWay,
    recorder: RunRecorder,
    baseModel: string,
    onEvent: (event: RunEvent) => void,
  ): Promise<RunRecord> {
    for (;;) {
      if (run.wants("pause")) {
        await recorder.status("paused");
        await run.released();
        if (!run.wants("stop")) await recorder.status("running");
      }
      const end = await segment(session, run.newControl(), (event) => {
        onEvent(event);
        recorder.event(event);
      });
      if (end.step > recorder.record.savedStep) await recorder.save(session, baseModel);
      if (end.reason !== "stopped" || run.wants("stop")) return recorder.end(end);
    }
  }
}

/** Trains until something is to be stored, or to the end. */
async function segment(
  session: TrainingSession,
  control: RunControl,
  onEvent: (event: RunEvent) => void,
): Promise<RunEnd> {
  const saveAt = performance.now() + SAVE_MILLISECONDS;
  for await (const event of session.run(control)) {
    if (event.kind === "end") return event;
    onEvent(event);
    const isAssessed = event.kind !== "step" && event.step > 0;
    if (isAssessed || (event.kind === "step" && performance.now() > saveAt)) control.stop();
  }
  throw new Error("internal: a run ended without saying how");
}

type Wish = "run" | "pause" | "stop";

/** What the person asks of the run under way. */
class RunUnderWay {
  private wish: Wish = "run";
  private control: RunControl | undefined;
  private wake: (() => void) | undefined;

  wants(wish: Wish): boolean {
    return this.wish === wish;
  }

  ask(wish: Wish): void {
    if (this.wish === "stop") return;
    this.wish = wish;
    if (wish !== "run") this.control?.stop();
    if (wish !== "pause") this.wake?.();
  }

  newControl(): RunControl {
    this.control = new RunControl();
    if (this.wish !== "run") this.control.stop();
    return this.control;
  }

  /** Resolves when the pause is over. */
  async released(): Promise<void> {
    while (this.wish === "pause") await new Promise<void>((resolve) => (this.wake = resolve));
  }
}

/** The record as it began; what the kept events tell is added again. */
function withoutEnd({
  id,
  name,
  model,
  dataset,
  config,
  startedFrom,
  startedAt,
  steps,
}: RunRecord): Omit<RunRecord, "status" | "step" | "savedStep"> {
  return { id, name, model, dataset, config, ...(startedFrom && { startedFrom }), startedAt, steps };
}

function refuseEnded({ status, name }: RunRecord): void {
  if (status === "finished") {
    throw new AppError(
      "bad-config",
      `${name} is finished. To train further, start a new run from its adapter.`,
    );
  }
  if (status === "non-finite") {
    throw new AppError(
      "bad-config",
      `${name} would break again at the same step. Start a new run with a lower learning rate, from its adapter if you like.`,
    );
  }
}

/** An adapter to start from decides rank, scale and target layers; the run decides the dropout. */
function withAdapterShape(config: RunConfig, adapter: PeftAdapter | undefined): RunConfig {
  if (!adapter) return config;
  const { rank, alpha, targetModules, rsLora } = adapter.config;
  return { ...config, lora: { rank, alpha, targetModules, rsLora, dropout: config.lora.dropout } };
}

function trainableParameters({ plans, config }: PreparedRun): number {
  const { rank } = config.lora;
  return plans.training.model.modules.reduce((sum, { a, b }) => sum + rank * (a.cols + b.rows), 0);
}

function defaultName({ record, sample }: OpenedDataset): string {
  return sample?.title ?? record.fileName.replace(/\.\w+$/, "");
}
