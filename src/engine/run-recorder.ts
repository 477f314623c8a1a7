// Writes down a run while it goes: its events, its adapter and the checkpoint from which it can go on. What no longer
// fits into the storage is held in memory and said so at the end; the run itself goes on.

import type { AppError } from "../core/errors";
import type { RunEnd, RunEvent } from "../core/metrics";
import type { RunRecord, RunStatus } from "../core/run-record";
import type { PeftAdapter } from "../export/peft";
import type { Store } from "../storage/store";
import { adapterRecord, storedFiles } from "./adapter-library";
import type { RunListener } from "./api";
import { tell, throttled, type Throttled } from "./throttle";
import type { TrainingSession } from "./training-session";

const CALLBACK_MILLISECONDS = 100;
const FLUSH_MILLISECONDS = 2000;

export class RunRecorder {
  private chunk = 0;
  private unwritten: RunEvent[] = [];
  private flushTimer: ReturnType<typeof setTimeout> | undefined;
  private writing: Promise<void> = Promise.resolve();
  private trouble: AppError | undefined;
  /** Steps up to which evaluations and samples are known: a segment that begins at step 0 makes them again. */
  private assessed = { evaluation: -1, samples: -1 };
  private readonly events: Throttled<RunEvent[]>;

  private constructor(
    private readonly store: Store,
    public record: RunRecord,
    private readonly listener: RunListener,
    private readonly onStored: () => void,
  ) {
    this.events = throttled<RunEvent[]>(
      CALLBACK_MILLISECONDS,
      (waiting, next) => [...waiting, ...next],
      (events) => listener({ kind: "events", events }),
    );
  }

  /** Writes the record. `kept` are the events of an earlier part of the run. */
  static async start(
    store: Store,
    record: RunRecord,
    kept: readonly RunEvent[],
    listener: RunListener,
    onStored: () => void,
  ): Promise<RunRecorder> {
    const recorder = new RunRecorder(store, record, listener, onStored);
    await store.rewriteEvents(record.id, kept).catch((error: AppError) => (recorder.trouble = error));
    recorder.chunk = 1;
    for (const { kind, step } of kept) {
      if (kind === "evaluation" || kind === "samples") recorder.assessed[kind] = step;
    }
    await recorder.writeRecord();
    void tell(() => listener({ kind: "started", run: recorder.record }));
    onStored();
    return recorder;
  }

  event(event: RunEvent): void {
    if (event.kind === "evaluation" || event.kind === "samples") {
      if (event.step <= this.assessed[event.kind]) return;
      this.assessed[event.kind] = event.step;
    }
    if (event.kind === "step") this.record = { ...this.record, step: event.step, loss: event.loss };
    if (event.kind === "evaluation") this.record = { ...this.record, evaluation: event };
    this.events.push([event]);
    this.unwritten.push(event);
    this.flushTimer ??= setTimeout(() => void this.flush(), FLUSH_MILLISECONDS);
  }

  async status(status: RunStatus): Promise<void> {
    this.record = { ...this.record, status };
    await this.flush();
    this.onStored();
  }

  /** Stores adapter and checkpoint as they are between two steps. */
  async save(session: TrainingSession, baseModel: string): Promise<void> {
    const checkpoint = await session.trainer.checkpoint();
    const { id, model, config } = this.record;
    const adapter: PeftAdapter = {
      config: { ...config.lora, baseModel, ...(session.fanInFanOut && { fanInFanOut: true }) },
      tensors: await session.adapterTensors(checkpoint),
    };
    await this.flush();
    const { store } = this;
    this.noteTrouble(await store.checkpoints.putOrHold(id, checkpoint));
    this.noteTrouble(await store.adapterFiles.putOrHold(id, storedFiles(adapter)));
    const record = adapterRecord(id, this.record.name, "trained", model, adapter);
    this.noteTrouble(await store.adapters.putOrHold(id, record));
    this.record = { ...this.record, savedStep: checkpoint.step };
    await this.writeRecord();
    void tell(() => this.listener({ kind: "stored", savedStep: checkpoint.step }));
    this.onStored();
  }

  async end(end: RunEnd): Promise<RunRecord> {
    this.event(end);
    return this.close(end.reason, end.message, end.step);
  }

  async fail(message: string): Promise<RunRecord> {
    const { savedStep } = this.record;
    const kept = savedStep > 0 ? ` The adapter is kept as it was after step ${savedStep}.` : "";
    return this.close("failed", message + kept, this.record.step);
  }

  private async close(status: RunStatus, message: string, step: number): Promise<RunRecord> {
    const unkept = this.trouble
      ? ` ${this.trouble.message} What did not fit is in memory until this page is closed: export the adapter now.`
      : "";
    this.record = { ...this.record, status, step, message: message + unkept, endedAt: Date.now() };
    await this.events.settle();
    await this.flush();
    this.onStored();
    return this.record;
  }

  /** Events first, then the record that counts them. */
  private flush(): Promise<void> {
    clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    const events = this.unwritten;
    this.unwritten = [];
    const chunk = events.length > 0 ? this.chunk++ : 0;
    this.writing = this.writing.then(async () => {
      if (events.length > 0) this.noteTrouble(await this.store.appendEvents(this.record.id, events, chunk));
      await this.writeRecord();
    });
    return this.writing;
  }

  private async writeRecord(): Promise<void> {
    const { runs } = this.store;
    // The name may have been changed meanwhile.
    const stored = await runs.get(this.record.id).catch(() => undefined);
    if (stored) this.record = { ...this.record, name: stored.name };
    this.noteTrouble(await runs.putOrHold(this.record.id, this.record));
  }

  private noteTrouble(error: AppError | undefined): void {
    if (error) this.trouble = error;
  }
}
