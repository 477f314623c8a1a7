// What the engine does without a GPU: models, datasets, storage, errors across the channel to the page.

import "fake-indexeddb/auto";
import { expose, proxy, wrap } from "comlink";
import { IDBFactory } from "fake-indexeddb";
import { beforeEach, describe, expect, it } from "vitest";
import { AppError } from "../core/errors";
import { defaultRunConfig } from "../core/run-config";
import type { RunRecord } from "../core/run-record";
import { Store } from "../storage/store";
import type { EngineApi, Progress } from "./api";
import { Engine, type EngineParts } from "./engine";
import { fetchPublic, pageBase } from "./page-folder.fixture";

const model = { kind: "built-in", name: "tabtune-3m" } as const;

function newEngine(parts: Partial<EngineParts> = {}): Engine {
  const openGpu = () => Promise.reject(new AppError("webgpu-missing", "This browser has no WebGPU."));
  return new Engine({ openGpu, base: pageBase, fetch: fetchPublic, ...parts });
}

function file(lines: number, name = "rows.jsonl"): File {
  const row = (i: number) =>
    JSON.stringify({ prompt: `Question ${i}?`, completion: `Answer ${i}, which is long enough to be cut.` });
  return new File([Array.from({ length: lines }, (_, i) => `${row(i)}\n`).join("")], name);
}

const record = (id: string, status: RunRecord["status"], sha256 = ""): RunRecord => ({
  id,
  name: id,
  model,
  dataset: { fileName: "d.jsonl", bytes: 1, sha256, format: "alpaca", rows: 1 },
  config: defaultRunConfig,
  status,
  startedAt: 0,
  step: 7,
  steps: 9,
  savedStep: 5,
});

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

describe("a model", () => {
  it("is opened below the page's own path, with progress, and described", async () => {
    const engine = newEngine();
    const progress: Progress[] = [];
    const summary = await engine.openModel(model, (next) => progress.push(next));
    expect(summary).toMatchObject({ family: "llama", layers: 7, hidden: 192, hasChatTemplate: true });
    expect(summary.parameters).toBe(3_345_216);
    expect(summary.targetModules).toContain("q_proj");
    expect(progress.at(-1)!.done).toBe(progress.at(-1)!.total);
  });

  it("that can't be opened leaves the one that is open", async () => {
    const engine = newEngine();
    await engine.openModel(model);
    const other = { kind: "built-in", name: "none" } as const;
    await expect(engine.openModel(other)).rejects.toMatchObject({ name: "file-missing" });
    await engine.openDataset(file(3));
    expect((await engine.tokenizeDataset(defaultRunConfig)).rows).toBe(3);
  });
});

describe("a dataset", () => {
  it("is described, tokenised and shown row by row without a GPU", async () => {
    const engine = newEngine();
    await engine.openModel(model);
    const broken = `${await file(2).text()}{"prompt": 3, "completion": "x"}\n{"prompt": "Only", "completion": ""}\n`;
    const summary = await engine.openDataset(new File([broken], "mine.jsonl"));
    expect(summary).toMatchObject({
      fileName: "mine.jsonl",
      formatTitle: "Prompt and completion",
      bytes: broken.length,
    });
    const tokenized = await engine.tokenizeDataset({ ...defaultRunConfig, cutoffLength: 20 });
    expect(tokenized.rows).toBe(tokenized.lengths.length);
    expect(tokenized.problems).toBeGreaterThan(0);
    const [row] = await engine.tokenizedRows(0, 1);
    expect(row).toMatchObject({ row: 1, line: 1, isCut: true });
    expect(row!.tokens).toHaveLength(20);
    expect(row!.tokens.some(({ trained }) => trained)).toBe(true);
    const problems = (await (await engine.problemsFile()).text()).trimEnd().split("\n");
    expect(problems).toHaveLength(tokenized.problems);
    expect(JSON.parse(problems[0]!)).toMatchObject({ line: 3, field: "prompt" });
    const plan = await engine.planRun({ ...defaultRunConfig, cutoffLength: 64 });
    expect(plan.trainingRows + plan.evaluationRows).toBe(
      (await engine.tokenizeDataset({ ...defaultRunConfig, cutoffLength: 64 })).rows,
    );
    expect(plan.seconds).toBeUndefined();
  });

  it("with no row of use is refused with the first problem, and the one before stays", async () => {
    const engine = newEngine();
    await engine.openModel(model);
    await engine.openDataset(file(4));
    const bad = new File(['{"prompt": 3, "completion": "x"}\n'], "bad.jsonl");
    await expect(engine.openDataset(bad)).rejects.toMatchObject({
      name: "bad-dataset",
      message: expect.stringMatching(/bad\.jsonl.*line 1.*prompt/),
    });
    expect((await engine.tokenizeDataset(defaultRunConfig)).rows).toBe(4);
  });

  it("is tokenised once for the same settings, and begun anew for others", async () => {
    const engine = newEngine();
    await engine.openModel(model);
    await engine.openDataset(file(2000));
    const first = engine.tokenizeDataset(defaultRunConfig);
    const superseded = expect(first).rejects.toMatchObject({ name: "stopped" });
    const progress: Progress[] = [];
    const second = await engine.tokenizeDataset({ ...defaultRunConfig, cutoffLength: 10 }, (next) =>
      progress.push(next),
    );
    await superseded;
    expect(second.cutRows).toBeGreaterThan(0);
    expect(progress.at(-1)).toMatchObject({ done: 2000, total: 2000, unit: "rows" });
    const again: Progress[] = [];
    await engine.tokenizeDataset({ ...defaultRunConfig, cutoffLength: 10, learningRate: 1 }, (next) =>
      again.push(next),
    );
    expect(again).toEqual([]);
  });

  it("leaves room for other calls while it is tokenised", async () => {
    const engine = newEngine();
    await engine.openModel(model);
    await engine.openDataset(file(3000));
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await engine.tokenizeDataset(defaultRunConfig);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(2);
  });

  it("is there again after a reload, and gone once it is closed and no run has it", async () => {
    const { sha256 } = await newEngine().openDataset(file(5, "again.jsonl"));
    const reloaded = newEngine();
    expect(await reloaded.reopenDataset("")).toMatchObject({ fileName: "again.jsonl", rows: 5, sha256 });
    await new Store(true).runs.put("r", record("r", "finished", sha256));
    await reloaded.closeDataset();
    expect(await newEngine().reopenDataset(sha256)).toMatchObject({ rows: 5 });
    const last = newEngine();
    await last.deleteRun("r");
    await expect(last.reopenDataset(sha256)).rejects.toMatchObject({ name: "file-missing" });
  });

  it("of the samples comes with its suggested run, also after a reload", async () => {
    const engine = newEngine();
    for (const { file: name, rows, prompts } of await engine.sampleDatasets()) {
      const { sample, ...summary } = await engine.openSampleDataset(name);
      expect(summary).toMatchObject({ rows, problems: 0 });
      expect(sample!.prompts).toEqual(prompts);
      expect((await newEngine().reopenDataset(summary.sha256)).sample).toEqual(sample);
    }
  });
});

describe("stored runs", () => {
  it("that no tab holds were interrupted, and stay so", async () => {
    const store = new Store(true);
    for (const status of ["running", "paused", "finished"] as const)
      await store.runs.put(status, record(status, status));
    const runs = await newEngine().runs();
    expect(runs.map(({ id, status }) => [id, status]).sort()).toEqual([
      ["finished", "finished"],
      ["paused", "interrupted"],
      ["running", "interrupted"],
    ]);
    expect(runs.find(({ id }) => id === "running")!.message).toContain("from step 5");
    expect((await store.runs.get("running"))!.status).toBe("interrupted");
  });

  it("are renamed and deleted, and other tabs hear of it", async () => {
    const store = new Store(true);
    await store.runs.put("r", record("r", "finished"));
    const channels = [new BroadcastChannel("stored-test"), new BroadcastChannel("stored-test")] as const;
    const here = newEngine({ channel: channels[0] as unknown as BroadcastChannel });
    const there = newEngine({ channel: channels[1] as unknown as BroadcastChannel });
    const heard: string[] = [];
    await here.onStored(() => heard.push("here"));
    await there.onStored(() => heard.push("there"));
    await here.renameRun("r", "  Mine ");
    await expect.poll(() => [...heard].sort()).toEqual(["here", "there"]);
    expect((await there.runs())[0]!.name).toBe("Mine");
    await expect(here.renameRun("r", " ")).rejects.toMatchObject({ name: "bad-config" });
    await there.deleteRun("r");
    expect(await here.runs()).toEqual([]);
    channels.forEach((channel) => channel.close());
  });
});

describe("errors", () => {
  it("keep their name and message on the way to the page", async () => {
    const { port1, port2 } = new MessageChannel();
    expose(newEngine(), port1);
    const engine = wrap<EngineApi>(port2);
    const error: unknown = await engine.openGpu().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect(error).toMatchObject({ name: "webgpu-missing", message: "This browser has no WebGPU." });
    const progress: Progress[] = [];
    await engine.openModel(
      model,
      proxy((next: Progress) => void progress.push(next)),
    );
    await expect.poll(() => progress.length).toBeGreaterThan(0);
    await expect(engine.planRun(defaultRunConfig)).rejects.toMatchObject({ name: "bad-config" });
    port1.close();
    port2.close();
  });

  it("name every wrong setting", async () => {
    const engine = newEngine();
    await engine.openModel(model);
    await engine.openDataset(file(3));
    const config = { ...defaultRunConfig, learningRate: -1, lora: { ...defaultRunConfig.lora, rank: 0 } };
    await expect(engine.planRun(config)).rejects.toThrow(
      /lora\.rank is 0.*learningRate is -1|learningRate is -1.*lora\.rank is 0/,
    );
  });

  it("of a GPU that could not be opened do not stay for the next try", async () => {
    let tries = 0;
    const engine = newEngine({
      openGpu: () => Promise.reject(new AppError("webgpu-missing", `try ${++tries}`)),
    });
    await expect(engine.openGpu()).rejects.toThrow("try 1");
    await expect(engine.openGpu()).rejects.toThrow("try 2");
  });
});

describe("an engine in a browser that keeps nothing", () => {
  it("works, and says so where something was to be kept", async () => {
    const engine = newEngine({ store: Promise.resolve(new Store(false)) });
    await engine.openModel(model);
    const { sha256 } = await engine.openDataset(file(3));
    expect(await engine.reopenDataset(sha256)).toMatchObject({ rows: 3 });
    expect(await engine.runs()).toEqual([]);
    await expect(engine.storage()).rejects.toMatchObject({ name: "storage-missing" });
  });
});
