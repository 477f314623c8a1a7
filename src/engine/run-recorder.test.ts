// What is written down of a run, when, and what happens when it no longer fits.

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HostTensor } from "../core/host-tensor";
import type { StepMetrics } from "../core/metrics";
import { defaultRunConfig } from "../core/run-config";
import type { RunRecord } from "../core/run-record";
import { Store } from "../storage/store";
import type { RunUpdate } from "./api";
import { RunRecorder } from "./run-recorder";
import type { TrainingSession } from "./training-session";

const record: RunRecord = {
  id: "run",
  name: "Mine",
  model: { kind: "built-in", name: "tabtune-3m" },
  dataset: { fileName: "d.jsonl", bytes: 1, sha256: "s", format: "alpaca", rows: 1 },
  config: { ...defaultRunConfig, lora: { ...defaultRunConfig.lora, rank: 1 } },
  status: "running",
  startedAt: 0,
  step: 0,
  steps: 100,
  savedStep: 0,
};

const step = (number: number): StepMetrics => ({
  kind: "step",
  step: number,
  steps: 100,
  epoch: 0,
  loss: 1 / number,
  tokenAccuracy: 0,
  learningRate: 0,
  gradientNorm: 1,
  supervisedTokens: 1,
  totalTokens: 2,
  tokensPerSecond: 3,
  secondsLeft: 4,
});

/** A session of one adapted layer that stands at `at`. */
function sessionAt(at: number): TrainingSession {
  const flat = Float32Array.of(at, at);
  const tensor = (value: number): HostTensor => ({
    dtype: "F32",
    shape: [1, 1],
    bytes: new Uint8Array(Float32Array.of(value).buffer),
  });
  const name = "base_model.model.model.layers.0.self_attn.q_proj";
  const tensors = new Map([
    [`${name}.lora_A.weight`, tensor(at)],
    [`${name}.lora_B.weight`, tensor(-at)],
  ]);
  const trainer = { checkpoint: async () => ({ step: at, values: flat, moment1: flat, moment2: flat }) };
  return { trainer, adapterTensors: async () => tensors } as unknown as TrainingSession;
}

async function start(store: Store): Promise<{ recorder: RunRecorder; updates: RunUpdate[] }> {
  const updates: RunUpdate[] = [];
  const recorder = await RunRecorder.start(
    store,
    record,
    [],
    (update) => updates.push(update),
    () => undefined,
  );
  return { recorder, updates };
}

const later = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe("a run's recorder", () => {
  it("tells the page at most ten times a second, and loses no event", async () => {
    const { recorder, updates } = await start(new Store(true));
    for (let number = 1; number <= 50; number++) {
      recorder.event(step(number));
      await later(5);
    }
    await recorder.end({ kind: "end", reason: "finished", step: 50, message: "Finished." });
    const batches = updates.flatMap((update) => (update.kind === "events" ? [update.events] : []));
    expect(batches.flat().map((event) => event.step)).toEqual([
      ...Array.from({ length: 50 }, (_, i) => i + 1),
      50,
    ]);
    expect(batches).toHaveLength(4); // 250 ms: at once, twice on the way, and the last at the end
  });

  it("stores events within two seconds, without waiting for a checkpoint", async () => {
    const store = new Store(true);
    const { recorder } = await start(store);
    recorder.event(step(1));
    await later(1999);
    expect(await store.events("run")).toEqual([]);
    await later(1);
    await expect.poll(() => store.events("run")).toEqual([step(1)]);
    await expect.poll(() => store.runs.get("run")).toMatchObject({ status: "running", step: 1, loss: 1 });
  });

  it("stores events, checkpoint and adapter before it says so", async () => {
    const store = new Store(true);
    const { recorder, updates } = await start(store);
    recorder.event(step(1));
    await recorder.save(sessionAt(1), "tabtune-3m");
    expect(await store.events("run")).toHaveLength(1);
    expect(await store.checkpoints.get("run")).toMatchObject({ step: 1, moment2: Float32Array.of(1, 1) });
    expect(await store.adapters.get("run")).toMatchObject({
      name: "Mine",
      origin: "trained",
      rank: 1,
      bytes: 8,
    });
    expect(await store.runs.get("run")).toMatchObject({ savedStep: 1 });
    expect(updates.at(-1)).toEqual({ kind: "stored", savedStep: 1 });
  });

  it("goes on when the storage is full, says so at the end, and keeps what is there", async () => {
    const store = new Store(true);
    const { recorder } = await start(store);
    await recorder.save(sessionAt(1), "tabtune-3m");
    const put = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, value, key) {
      if (this.name !== "runs") throw new DOMException("no room", "QuotaExceededError");
      return put.call(this, value, key);
    });
    recorder.event(step(2));
    await recorder.save(sessionAt(2), "tabtune-3m");
    const ended = await recorder.end({
      kind: "end",
      reason: "finished",
      step: 2,
      message: "Finished 2 steps.",
    });
    expect(ended).toMatchObject({ status: "finished", savedStep: 2 });
    expect(ended.message).toMatch(/Finished 2 steps\..*storage.*full.*export the adapter now/);
    expect(await store.checkpoints.get("run")).toMatchObject({ step: 2 });
    expect(await new Store(true).checkpoints.get("run")).toMatchObject({ step: 1 });
  });

  it("keeps a name that was given while it ran", async () => {
    const store = new Store(true);
    const { recorder } = await start(store);
    await store.runs.put("run", { ...record, name: "Better" });
    await recorder.save(sessionAt(1), "tabtune-3m");
    expect((await store.runs.get("run"))!.name).toBe("Better");
    expect((await store.adapters.get("run"))!.name).toBe("Better");
  });

  it("says of a failed run what is kept", async () => {
    const { recorder } = await start(new Store(true));
    await recorder.save(sessionAt(3), "tabtune-3m");
    const failed = await recorder.fail("The graphics device was lost.");
    expect(failed).toMatchObject({ status: "failed" });
    expect(failed.message).toBe("The graphics device was lost. The adapter is kept as it was after step 3.");
  });
});
