// The engine as the page uses it, on a real device under Node: the built-in model, sample datasets, storage in memory
// or in an IndexedDB of the test's own.

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import type { RunEvent } from "../core/metrics";
import type { RunConfig } from "../core/run-config";
import { testGpu } from "../testing/test-gpu";
import type { RunUpdate } from "./api";
import { Engine } from "./engine";
import { fetchPublic, pageBase } from "./page-folder.fixture";

const model = { kind: "built-in", name: "tabtune-3m" } as const;

function newEngine(): Engine {
  return new Engine({ openGpu: testGpu, base: pageBase, fetch: fetchPublic });
}

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

const greedy = { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0, maxNewTokens: 24 };

async function openSample(engine: Engine, changes: Partial<RunConfig>): Promise<RunConfig> {
  await engine.openModel(model);
  const { sample } = await engine.openSampleDataset("ship-captain.jsonl");
  const config = { ...sample!.run, samplePrompts: [], ...changes };
  await engine.tokenizeDataset(config);
  return config;
}

function collector(): {
  readonly updates: RunUpdate[];
  readonly events: RunEvent[];
  listener(update: RunUpdate): void;
} {
  const updates: RunUpdate[] = [];
  const events: RunEvent[] = [];
  return {
    updates,
    events,
    listener: (update) => {
      updates.push(update);
      if (update.kind === "events") events.push(...update.events);
    },
  };
}

describe("the engine", () => {
  it("goes the whole way from model and sample to an answer that training changed", async () => {
    const engine = newEngine();
    const gpu = await engine.openGpu();
    expect(gpu.name).not.toBe("");
    const config = await openSample(engine, { maxSteps: 25 });
    const plan = await engine.planRun(config);
    expect(plan.steps).toBe(25);
    const { events, updates, listener } = collector();
    const run = await engine.train({ config, name: "Captain" }, listener);
    expect(run).toMatchObject({ status: "finished", step: 25, savedStep: 25, name: "Captain" });
    expect(events.filter(({ kind }) => kind === "step")).toHaveLength(25);
    expect(updates.map(({ kind }) => kind)).toContain("stored");
    expect(await engine.metrics(run.id)).toEqual(events);

    await engine.openChat([run.id]);
    const messages = [{ role: "user", content: "What is the capital of France?" }] as const;
    let base = "";
    let tuned = "";
    await engine.answer({ ...greedy, messages }, (text) => (base += text));
    const end = await engine.answer({ ...greedy, messages, adapter: run.id }, (text) => (tuned += text));
    expect(base).not.toBe("");
    expect(tuned).not.toBe(base);
    expect(end.tokens).toBeGreaterThan(0);
    await engine.closeChat();
  });
});
