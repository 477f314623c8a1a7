// The training loop on the GPU: what it learns, what it repeats to the bit, how it stops, and what it allocates.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { TokenSequence } from "../core/batch";
import { fromFloat32, toFloat32 } from "../core/host-tensor";
import type { RunEvent, StepMetrics } from "../core/metrics";
import { defaultRunConfig, type RunConfig } from "../core/run-config";
import { planBatches } from "../data/batches";
import { openDecoder } from "../engine/open-decoder";
import { folderSource } from "../headless/folder-source";
import type { WeightSource } from "../model/weights/declare";
import { relativeError, tolerance } from "../testing/check";
import { DecoderUnderTest } from "../testing/parity/decoder-under-test";
import { readGoldenCurve } from "../testing/parity/golden-case";
import { testGpu } from "../testing/test-gpu";
import { RunControl } from "./run-control";
import type { RunHooks, Trainer, TrainingSchedule } from "./trainer";

const config: RunConfig = {
  ...defaultRunConfig,
  lora: { rank: 8, alpha: 16, dropout: 0, targetModules: "all-linear", rsLora: false },
  microBatchSize: 2,
  learningRate: 5e-3,
  schedule: "constant",
  warmupRatio: 0,
  shuffle: false,
  evaluationSplit: 0,
};

interface Run {
  readonly subject: DecoderUnderTest;
  readonly trainer: Trainer;
  readonly schedule: TrainingSchedule;
}

const open: Run[] = [];
afterEach(() => {
  for (const { trainer, subject } of open.splice(0)) {
    trainer.dispose();
    subject.dispose();
  }
});

/** A trainer of a new adapter on a golden model, with the documents of its golden run. */
async function runOf(
  changes: Partial<RunConfig> = {},
  options: {
    readonly documents?: (all: readonly TokenSequence[]) => readonly TokenSequence[];
    readonly weights?: (source: WeightSource) => WeightSource;
  } = {},
): Promise<Run> {
  const source = folderSource("e2e/golden/llama-grouped");
  const { documents: all } = await readGoldenCurve(source);
  const documents = options.documents?.(all) ?? all;
  const settings = { ...config, ...changes };
  const opened = await openDecoder(source);
  const weights = options.weights?.(opened.weights) ?? opened.weights;
  const positions = Math.max(...documents.map(({ ids }) => ids.length));
  const subject = await DecoderUnderTest.open(
    await testGpu(),
    { ...opened, weights },
    settings.lora,
    positions,
  );
  const batches = planBatches(documents, settings);
  const schedule: TrainingSchedule = {
    steps: batches.steps,
    window: (step) => batches.batchesOfStep(step),
    epoch: (step) => Math.floor(step / batches.stepsPerEpoch),
    evaluation: [],
  };
  const capacity = { tokens: batches.largestTokens, labels: batches.largestSupervised };
  const run = { subject, trainer: await subject.trainer(settings, capacity), schedule };
  open.push(run);
  return run;
}

async function eventsOf({ trainer, schedule }: Run, hooks: RunHooks = {}): Promise<RunEvent[]> {
  const events: RunEvent[] = [];
  for await (const event of trainer.run(schedule, hooks)) events.push(event);
  return events;
}

const stepsIn = (events: readonly RunEvent[]): StepMetrics[] =>
  events.filter(({ kind }) => kind === "step") as StepMetrics[];

/** Losses of `steps` steps and the parameters afterwards. */
async function trained(run: Run, steps: number): Promise<{ losses: number[]; values: Float32Array }> {
  const events = await eventsOf(run, { until: steps });
  const losses = stepsIn(events).map(({ loss }) => loss);
  expect(losses).toHaveLength(steps);
  return { losses, values: (await run.trainer.checkpoint()).values };
}

/** How many elements differ in a bit. */
function differing(got: Float32Array, want: Float32Array): number {
  expect(got.length).toBe(want.length);
  return got.filter((value, i) => !Object.is(value, want[i])).length;
}

describe("training", () => {
  it("can learn one batch by heart", async () => {
    const run = await runOf(
      { maxSteps: 150, learningRate: 2e-2, schedule: "linear" },
      { documents: (all) => all.slice(0, 2) },
    );
    const steps = stepsIn(await eventsOf(run));
    expect(steps[0]!.loss).toBeGreaterThan(2);
    expect(steps.at(-1)!.loss).toBeLessThan(0.05);
    expect(steps.at(-1)!.tokenAccuracy).toBe(1);
  });

  it("gives the same losses and adapter for four micro-batches of one row as for one of four rows", async () => {
    const four = await trained(await runOf({ microBatchSize: 4, gradientAccumulation: 1 }), 6);
    const one = await trained(await runOf({ microBatchSize: 1, gradientAccumulation: 4 }), 6);
    expect(relativeError(one.losses, four.losses)).toBeLessThanOrEqual(1e-6);
    // AdamW divides a gradient by its own size. The smallest of n is about 1/n of a typical one, so the rounding of its
    // sum counts n-fold in that one element: n·ε/√n = √n·ε of the whole.
    expect(relativeError(one.values, four.values)).toBeLessThanOrEqual(tolerance(four.values.length));
  });

  it("repeats a run with dropout to the bit, and other seeds drop other elements", async () => {
    const lora = { ...config.lora, dropout: 0.3 };
    const first = await trained(await runOf({ lora, seed: 5 }), 4);
    const again = await trained(await runOf({ lora, seed: 5 }), 4);
    expect(again.losses).toEqual(first.losses);
    expect(differing(again.values, first.values)).toBe(0);

    const without = await trained(await runOf({ seed: 5 }), 4);
    const begun = await trained(await runOf({ lora, seed: 6 }), 4);
    // B is zero at first, so the first loss is that of the base whatever is dropped.
    expect(without.losses[0]).toBe(first.losses[0]);
    expect(relativeError(without.losses, first.losses)).toBeGreaterThan(1e-4);
    expect(relativeError(begun.losses, first.losses)).toBeGreaterThan(1e-4);
  });
});

describe("a run", () => {
  it("ends after the step under way when it is stopped, and keeps what it learned", async () => {
    const run = await runOf({ maxSteps: 40 });
    const control = new RunControl();
    const events: RunEvent[] = [];
    for await (const event of run.trainer.run(run.schedule, { control })) {
      events.push(event);
      if (events.length === 3) control.stop();
    }
    const end = events.at(-1)!;
    const steps = stepsIn(events);
    expect(end).toMatchObject({ kind: "end", reason: "stopped", step: steps.length });
    expect(steps.length).toBeGreaterThanOrEqual(3);
    expect(steps.length).toBeLessThanOrEqual(6);
    const { values } = await run.trainer.checkpoint();
    const same = await trained(await runOf({ maxSteps: 40 }), steps.length);
    expect(differing(values, same.values)).toBe(0);
  });

  it("makes no step while it is paused and goes on as if it had not been", async () => {
    const run = await runOf({ maxSteps: 8 });
    const control = new RunControl();
    const events: RunEvent[] = [];
    let resumed = false;
    for await (const event of run.trainer.run(run.schedule, { control })) {
      events.push(event);
      if (events.length !== 2) continue;
      control.pause();
      setTimeout(() => {
        resumed = true;
        control.continue();
      }, 200);
    }
    expect(resumed).toBe(true);
    expect(events.at(-1)).toMatchObject({ reason: "finished", step: 8 });
    const losses = stepsIn(events).map(({ loss }) => loss);
    expect(losses).toEqual((await trained(await runOf({ maxSteps: 8 }), 8)).losses);
  });
});

describe("a step that is not finite", () => {
  /** One row of the embedding table is NaN. */
  const withBrokenToken =
    (token: number) =>
    (source: WeightSource): WeightSource => ({
      ...source,
      read: async (name) => {
        const tensor = await source.read(name);
        if (!name.includes("embed_tokens")) return tensor;
        const values = toFloat32(tensor);
        const columns = tensor.shape[1]!;
        values.fill(NaN, token * columns, (token + 1) * columns);
        return fromFloat32(values, tensor.shape, "F32");
      },
    });

  it("ends the run with the adapter of the step before, whatever the next rows are", async () => {
    // Row 3 alone holds a token that no other row has; the rows behind it are sound.
    const broken = 3;
    let token = -1;
    const documents = (all: readonly TokenSequence[]): readonly TokenSequence[] => {
      const short = all.map(({ ids, trained }) => ({
        ids: ids.slice(0, 6),
        trained: trained.slice(0, 6).fill(1),
      }));
      const used = new Set(short.flatMap(({ ids }) => [...ids]));
      token = Array.from({ length: 64 }, (_, id) => id).find((id) => !used.has(id))!;
      short[broken]!.ids[1] = token;
      return short;
    };
    const settings = { microBatchSize: 1, maxSteps: 10 };
    const run = await runOf(settings, { documents, weights: (source) => withBrokenToken(token)(source) });
    const events = await eventsOf(run);
    const steps = stepsIn(events);
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    expect(steps.slice(0, 3).every(({ loss }) => Number.isFinite(loss))).toBe(true);
    expect(steps[3]!.loss).toBeNaN();
    expect(events.at(-1)).toMatchObject({ kind: "end", reason: "non-finite", step: 3 });

    const kept = await run.trainer.checkpoint();
    const good = await trained(await runOf(settings, { documents }), 3);
    expect(kept.values.every(Number.isFinite)).toBe(true);
    expect(differing(kept.values, good.values)).toBe(0);
    expect(kept.step).toBe(3);
  });

  it("is seen in the very first step when the weights are broken", async () => {
    const weights = (source: WeightSource): WeightSource => ({
      ...source,
      read: async (name) => {
        const tensor = await source.read(name);
        if (name !== "model.layers.1.mlp.down_proj.weight") return tensor;
        return fromFloat32(toFloat32(tensor).fill(NaN), tensor.shape, "F32");
      },
    });
    const run = await runOf({ maxSteps: 5 }, { weights });
    const before = (await run.trainer.checkpoint()).values;
    const events = await eventsOf(run);
    expect(events.at(-1)).toMatchObject({ kind: "end", reason: "non-finite", step: 0 });
    expect(differing((await run.trainer.checkpoint()).values, before)).toBe(0);
  });

  it("does not forbid a new start of the same trainer", async () => {
    const run = await runOf({ maxSteps: 4 });
    const start = (await run.trainer.checkpoint()).values;
    const wild = start.map((value) => value * 1e30);
    run.trainer.restore({ step: 0, values: wild, moment1: wild.map(() => 0), moment2: wild.map(() => 0) });
    expect((await eventsOf(run)).at(-1)).toMatchObject({ reason: "non-finite", step: 0 });
    run.trainer.restore({ step: 0, values: start, moment1: start.map(() => 0), moment2: start.map(() => 0) });
    expect((await eventsOf(run)).at(-1)).toMatchObject({ reason: "finished", step: 4 });
  });
});

describe("memory", () => {
  it("stays as it is over 100 steps: no buffer, no bind group, no heap", async () => {
    const run = await runOf({ maxSteps: 140 }, { documents: (all) => all.slice(0, 4) });
    const { gpu } = run.subject;
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const makesBuffers = vi.spyOn(gpu.device, "createBuffer");
    const makesGroups = vi.spyOn(gpu.device, "createBindGroup");
    const measure = async () => {
      await gpu.finished();
      collect();
      return { gpuBytes: gpu.allocatedBytes, heapBytes: process.memoryUsage().heapUsed };
    };
    let count = 0;
    let before = await measure();
    for await (const event of run.trainer.run(run.schedule)) {
      if (event.kind !== "step" || ++count !== 30) continue;
      makesBuffers.mockClear();
      makesGroups.mockClear();
      before = await measure();
    }
    const made = [makesBuffers.mock.calls.length, makesGroups.mock.calls.length];
    vi.restoreAllMocks();
    const after = await measure();
    expect(count).toBe(140);
    expect(made).toEqual([0, 0]);
    expect(after.gpuBytes).toBe(before.gpuBytes);
    expect(after.heapBytes - before.heapBytes).toBeLessThan(300_000);
  });
});
