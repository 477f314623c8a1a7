// The engine as the page uses it, on a real device under Node: the built-in model, sample datasets, and an IndexedDB of
// each test's own. A second engine over the same IndexedDB is the page after a reload.

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import type { RunEvent } from "../core/metrics";
import type { RunConfig } from "../core/run-config";
import type { RunRecord } from "../core/run-record";
import { withLora } from "../model/lora";
import { planGeneration } from "../generate/generator";
import { folderSource } from "../headless/folder-source";
import { Store } from "../storage/store";
import { testGpu } from "../testing/test-gpu";
import type { RunUpdate } from "./api";
import { ChatSession } from "./chat-session";
import { Engine, type EngineParts } from "./engine";
import { estimateMemory } from "./memory-estimate";
import { openModel } from "./open-model";
import { fetchPublic, pageBase } from "./page-folder.fixture";

const model = { kind: "built-in", name: "tabtune-3m" } as const;

function newEngine(parts: Partial<EngineParts> = {}): Engine {
  return new Engine({ openGpu: testGpu, base: pageBase, fetch: fetchPublic, ...parts });
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

/** Of one test; a software adapter on a busy machine takes its time. */
const timeout = 400_000;

const greedy = { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0, maxNewTokens: 24 };
const capital = [{ role: "user", content: "What is the capital of France?" }] as const;
/** Steps of few tokens, for tests that are not about what is learned. */
const small: Partial<RunConfig> = {
  microBatchSize: 1,
  cutoffLength: 24,
  trainOnPrompt: true,
  lora: { rank: 4, alpha: 8, dropout: 0.1, targetModules: ["q_proj", "v_proj"], rsLora: false },
};

async function openSample(engine: Engine, changes: Partial<RunConfig>): Promise<RunConfig> {
  await engine.openModel(model);
  const { sample } = await engine.openSampleDataset("ship-captain.jsonl");
  const config = { ...sample!.run, samplePrompts: [], ...changes };
  await engine.tokenizeDataset(config);
  return config;
}

interface Collected {
  readonly updates: RunUpdate[];
  readonly events: RunEvent[];
  listener(update: RunUpdate): void;
}

function collector(onUpdate: (update: RunUpdate) => void = () => undefined): Collected {
  const updates: RunUpdate[] = [];
  const events: RunEvent[] = [];
  const listener = (update: RunUpdate): void => {
    updates.push(update);
    if (update.kind === "events") events.push(...update.events);
    onUpdate(update);
  };
  return { updates, events, listener };
}

/** Without what depends on the clock. */
function curve(events: readonly RunEvent[]): unknown[] {
  return events.flatMap((event) => {
    if (event.kind === "step")
      return [["step", event.step, event.loss, event.gradientNorm, event.learningRate]];
    return event.kind === "evaluation" ? [["evaluation", event.step, event.loss]] : [];
  });
}

function signal<T>(): { readonly promise: Promise<T>; resolve(value: T): void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((settle) => (resolve = settle));
  return { promise, resolve: (value) => resolve(value) };
}

async function tensorsOf(run: RunRecord): Promise<Uint8Array> {
  const files = await new Store(true).adapterFiles.get(run.id);
  return files!.get("adapter_model.safetensors")!;
}

describe("the engine", { timeout }, () => {
  it("goes the whole way from model and sample to an answer that training changed", async () => {
    const engine = newEngine();
    const gpu = await engine.openGpu();
    expect(gpu.name).not.toBe("");
    const config = await openSample(engine, { maxSteps: 16, microBatchSize: 4 });
    const { events, updates, listener } = collector();
    const run = await engine.train({ config, name: "Captain" }, listener);
    expect(run).toMatchObject({ status: "finished", step: 16, savedStep: 16, name: "Captain" });
    expect(events.filter(({ kind }) => kind === "step")).toHaveLength(16);
    expect(updates.at(-1)).toEqual({ kind: "events", events: [events.at(-1)] });
    expect(await engine.metrics(run.id)).toEqual(events);
    const measured = await engine.planRun(config);
    expect(measured.steps).toBe(16);
    expect(measured.seconds).toBeGreaterThan(0);

    await engine.openChat([run.id]);
    let base = "";
    let tuned = "";
    await engine.answer({ ...greedy, messages: capital }, (text) => (base += text));
    const request = { ...greedy, messages: capital, adapter: run.id };
    const end = await engine.answer(request, (text) => (tuned += text));
    expect(base).not.toBe("");
    expect(tuned).not.toBe(base);
    expect(end.tokens).toBeGreaterThan(0);

    const { name, content } = await engine.exportAdapter(run.id);
    expect(name).toBe("Captain.zip");
    await engine.clearStorage();
    expect([await engine.runs(), await engine.adapters()]).toEqual([[], []]);
    const imported = await engine.importAdapter([new File([content], name)]);
    await engine.openChat([imported.id]);
    let again = "";
    await engine.answer({ ...request, adapter: imported.id }, (text) => (again += text));
    expect(again).toBe(tuned);
    await engine.closeChat();
  });

  it("trains 10 steps as 4, a reload and 6 more, to the bit", async () => {
    const changes = { ...small, maxSteps: 10, evaluationSplit: 0.1, evaluationInterval: 4 };
    const whole = newEngine();
    const config = await openSample(whole, changes);
    const uninterrupted = await whole.train({ config }, () => undefined);

    const left = newEngine();
    await openSample(left, changes);
    const paused = signal<undefined>();
    const { listener } = collector((update) => {
      if (update.kind === "events" && update.events.some(({ step }) => step >= 4)) void left.pauseRun();
      if (update.kind === "stored") paused.resolve(undefined);
    });
    const abandoned = left.train({ config, name: "Left" }, listener);
    await paused.promise;
    await expect
      .poll(async () => (await left.runs()).find(({ name }) => name === "Left")!.status)
      .toBe("paused");

    const reloaded = newEngine();
    const [found] = (await reloaded.runs()).filter(({ name }) => name === "Left");
    expect(found!.status).toBe("interrupted");
    expect(found!.savedStep).toBeGreaterThanOrEqual(4);
    expect(found!.savedStep).toBeLessThan(10);
    const { events, listener: heard } = collector();
    const run = await reloaded.train({ config, resume: found!.id }, heard);
    expect(run).toMatchObject({ id: found!.id, status: "finished", step: 10, savedStep: 10 });
    expect(events[0]).toMatchObject({ step: found!.savedStep + 1 });
    expect(curve(await reloaded.metrics(run.id))).toEqual(curve(await reloaded.metrics(uninterrupted.id)));
    expect(await tensorsOf(run)).toEqual(await tensorsOf(uninterrupted));

    await left.stopRun();
    await abandoned;
  });

  it("begins a run again that was interrupted before anything of it was saved", async () => {
    const engine = newEngine();
    const config = await openSample(engine, { ...small, maxSteps: 2 });
    const done = await engine.train({ config }, () => undefined);
    const store = new Store(true);
    const lost: RunRecord = { ...done, id: "lost", status: "running", step: 1, savedStep: 0 };
    await store.runs.put("lost", lost);
    const event = (await engine.metrics(done.id)).find(({ kind }) => kind === "step")!;
    await store.appendEvents("lost", [event], 0);
    const again = await newEngine().train({ config, resume: "lost" }, () => undefined);
    expect(again).toMatchObject({
      id: "lost",
      status: "finished",
      step: 2,
      savedStep: 2,
      startedAt: done.startedAt,
    });
    expect(curve(await engine.metrics("lost"))).toEqual(curve(await engine.metrics(done.id)));
    await expect(engine.train({ config, resume: "lost" }, () => undefined)).rejects.toThrow("is finished");
  });

  it("keeps one run at a time, chats only beside none, and pauses, goes on and stops", async () => {
    const engine = newEngine();
    const config = await openSample(engine, { ...small, maxSteps: 400 });
    await engine.openChat([]);
    const base = (await testGpu()).allocatedBytes;
    const started = signal<RunRecord>();
    const { events, listener } = collector((update) => {
      if (update.kind === "started") started.resolve(update.run);
    });
    const training = engine.train({ config }, listener);
    await expect(engine.train({ config }, listener)).rejects.toMatchObject({ name: "busy" });
    const { id } = await started.promise;
    await expect(engine.openChat([])).rejects.toMatchObject({ name: "busy" });
    await expect(engine.clearStorage()).rejects.toMatchObject({ name: "busy" });
    await expect(engine.deleteRun(id)).rejects.toMatchObject({ name: "busy" });
    await expect(engine.answer({ ...greedy, messages: capital }, () => undefined)).rejects.toThrow("closed");

    const status = async (): Promise<string> => (await engine.runs())[0]!.status;
    await expect.poll(() => events.length, { timeout: 60_000 }).toBeGreaterThan(3);
    await engine.pauseRun();
    await expect.poll(status, { timeout: 60_000 }).toBe("paused");
    const [{ savedStep }] = (await engine.runs()) as [RunRecord];
    await engine.continueRun();
    await expect.poll(() => events.at(-1)!.step, { timeout: 60_000 }).toBeGreaterThan(savedStep + 2);
    await engine.stopRun();
    const run = await training;
    expect(run.status).toBe("stopped");
    expect(run.savedStep).toBe(run.step);
    const steps = (await engine.metrics(id)).flatMap((event) => (event.kind === "step" ? [event.step] : []));
    expect(steps).toEqual(Array.from({ length: run.step }, (_, i) => i + 1));
    expect((await engine.adapters()).map((adapter) => adapter.id)).toEqual([id]);
    expect((await testGpu()).allocatedBytes).toBeLessThan(base);
  });

  it("gives back all GPU memory in ten rounds of training and chatting", async () => {
    const gpu = await testGpu();
    const base = gpu.allocatedBytes;
    const engine = newEngine();
    const config = await openSample(engine, { ...small, maxSteps: 2 });
    for (let round = 0; round < 10; round++) {
      const run = await engine.train({ config }, () => undefined);
      expect(gpu.allocatedBytes).toBe(base);
      const { memory } = await engine.openChat([run.id]);
      expect(gpu.allocatedBytes).toBe(base + memory);
      await engine.answer({ ...greedy, messages: capital, maxNewTokens: 2 }, () => undefined);
      await engine.closeChat();
      expect(gpu.allocatedBytes).toBe(base);
    }
  });

  it("streams, queues and stops answers, and names both numbers when a conversation is too long", async () => {
    const engine = newEngine();
    await engine.openModel(model);
    const { context } = await engine.openChat([]);
    const parts: string[] = [];
    const first = engine.answer({ ...greedy, messages: capital, maxNewTokens: 200 }, (text) => {
      parts.push(text);
      void engine.stopAnswers();
    });
    const second = engine.answer({ ...greedy, messages: capital }, () => undefined);
    expect((await first).reason).toBe("stopped");
    expect(await second).toMatchObject({ reason: "stopped", tokens: 0 });
    expect(parts.length).toBeGreaterThan(0);
    const messages = [{ role: "user", content: "word ".repeat(context) }] as const;
    await expect(engine.answer({ ...greedy, messages }, () => undefined)).rejects.toThrow(
      `at most ${context}`,
    );
    const limited = await engine.answer({ ...greedy, messages: capital, maxNewTokens: 2 }, () => undefined);
    expect(limited).toMatchObject({ reason: "length", tokens: 2 });
    await engine.closeChat();
  });
});

describe("a chat with the base and two adapters", () => {
  it("takes the planned bytes, with the weights once", async () => {
    const gpu = await testGpu();
    const before = gpu.allocatedBytes;
    const opened = await openModel(folderSource("public/models/tabtune-3m"));
    const context = 100;
    const declared = opened.decoder.declare(context);
    const configs = [4, 6].map((rank) => ({ ...small.lora!, rank, baseModel: "tabtune-3m" }));
    const loras = configs.map((config) => withLora(declared, config, 0));
    const zeros = (index: number) => {
      const { rank } = configs[index]!;
      return loras[index]!.modules.flatMap(({ path, a, b }) => {
        const tensor = (shape: [number, number]) =>
          ({ dtype: "F32", shape, bytes: new Uint8Array(4 * shape[0] * shape[1]) }) as const;
        const name = `base_model.model.${path}`;
        return [
          [`${name}.lora_A.weight`, tensor([rank, a.cols])],
          [`${name}.lora_B.weight`, tensor([b.rows, rank])],
        ] as const;
      });
    };
    const adapters = {
      one: { config: configs[0]!, tensors: new Map(zeros(0)) },
      two: { config: configs[1]!, tensors: new Map(zeros(1)) },
    };
    const decoders = [declared.decoder, ...loras.map(({ decoder }) => decoder)];
    const generations = decoders.map((decoder) => planGeneration(decoder, context));
    const session = await ChatSession.open(gpu, opened, { context, adapters });
    expect(gpu.allocatedBytes - before).toBe(estimateMemory({ model: declared, generations }).total);
    const { weights } = estimateMemory({ model: declared });
    expect(estimateMemory({ model: declared, generations }).weights).toBe(weights);
    session.dispose();
    expect(gpu.allocatedBytes).toBe(before);
  });
});
