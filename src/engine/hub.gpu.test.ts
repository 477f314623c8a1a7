// A model of the local Hub, from its name to a trained adapter and an answer, the Hub being gone once it is stored.

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { expect, it } from "vitest";
import { createRepository } from "../../e2e/hub/repository.js";
import { startHub } from "../../e2e/hub/server.js";
import type { RunEvent } from "../core/metrics";
import type { RunConfig } from "../core/run-config";
import type { ModelReference } from "../core/run-record";
import { testGpu } from "../testing/test-gpu";
import type { Engine } from "./engine";
import { builtInFiles, hubEngine } from "./hub.fixture";

const timeout = 400_000;

async function lossesOf(engine: Engine, reference: ModelReference): Promise<number[]> {
  await engine.openModel(reference);
  const { sample } = await engine.openSampleDataset("ship-captain.jsonl");
  const config: RunConfig = {
    ...sample!.run,
    samplePrompts: [],
    maxSteps: 3,
    evaluationSplit: 0,
    microBatchSize: 1,
    gradientAccumulation: 1,
    cutoffLength: 24,
    trainOnPrompt: true,
  };
  await engine.tokenizeDataset(config);
  const events: RunEvent[] = [];
  await engine.train({ config }, (update) => {
    if (update.kind === "events") events.push(...update.events);
  });
  return events.flatMap((event) => (event.kind === "step" ? [event.loss] : []));
}

it("is trained and answers from storage, to the bit as the same model of the page", { timeout }, async () => {
  globalThis.indexedDB = new IDBFactory();
  const hub = await startHub({ repositories: [createRepository("tabtune/tabtune-3m", builtInFiles)] });
  const first = hubEngine({ openGpu: testGpu });
  await first.setHub({ endpoint: hub.endpoint });
  const { reference } = await first.inspectModel({ repository: "tabtune/tabtune-3m" });
  await first.downloadModel(reference);
  await hub.close();

  const engine = hubEngine({ openGpu: testGpu });
  const losses = await lossesOf(engine, reference);
  expect(losses).toHaveLength(3);
  expect(losses).toEqual(await lossesOf(engine, { kind: "built-in", name: "tabtune-3m" }));
  const [run] = (await engine.runs()).filter(({ model }) => model.kind === "hub");
  expect(run!.model).toEqual(reference);
  await engine.openModel(run!.model);
  await engine.openChat([run!.id]);
  let text = "";
  const request = { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0, maxNewTokens: 8 };
  const messages = [{ role: "user", content: "What is the capital of France?" }] as const;
  const end = await engine.answer({ ...request, adapter: run!.id, messages }, (part) => (text += part));
  expect(end.tokens).toBeGreaterThan(1);
  expect(text.length).toBeGreaterThan(3);
});
