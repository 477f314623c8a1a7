// Storage as the engine uses it, over fake-indexeddb.

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunEvent, StepMetrics } from "../core/metrics";
import { defaultRunConfig } from "../core/run-config";
import type { RunRecord } from "../core/run-record";
import { Store } from "./store";
import { canKeep, Table } from "./table";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});

afterEach(() => vi.restoreAllMocks());

const step = (number: number): StepMetrics => ({
  kind: "step",
  step: number,
  steps: 9,
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

const run = (id: string, sha256: string): RunRecord => ({
  id,
  name: id,
  model: { kind: "built-in", name: "tabtune-3m" },
  dataset: { fileName: "d.jsonl", bytes: 1, sha256, format: "alpaca", rows: 1 },
  config: defaultRunConfig,
  status: "finished",
  startedAt: 0,
  step: 0,
  steps: 0,
  savedStep: 0,
});

describe("a table", () => {
  it("gives back in a new page what an earlier one put", async () => {
    await new Table<Float32Array>("t", true).put("a", Float32Array.of(1, NaN, -0));
    expect(await new Table("t", true).get("a")).toEqual(Float32Array.of(1, NaN, -0));
  });

  it("lists entries by prefix in the order of their keys", async () => {
    const table = new Table<number>("t", true);
    for (const [i, key] of ["b/2", "a/10", "b/1", "b", "c/1"].entries()) await table.put(key, i);
    expect(await table.entries("b/")).toEqual([
      ["b/1", 2],
      ["b/2", 0],
    ]);
    expect(await table.keys()).toEqual(["a/10", "b", "b/1", "b/2", "c/1"]);
  });

  it("replaces a prefix and leaves the others", async () => {
    const table = new Table<number>("t", true);
    for (const key of ["a/1", "a/2", "b/1"]) await table.put(key, 0);
    await table.replace("a/", [["a/9", 9]]);
    expect(await table.entries()).toEqual([
      ["a/9", 9],
      ["b/1", 0],
    ]);
  });

  it("keeps nothing beyond the page where it is in memory", async () => {
    const table = new Table<number>("t", false);
    await table.put("a", 1);
    await table.replace("b/", [["b/1", 2]]);
    expect(await table.entries()).toEqual([
      ["a", 1],
      ["b/1", 2],
    ]);
    expect(await new Table("t", false).keys()).toEqual([]);
  });
});

describe("a full storage", () => {
  const fill = (): void => {
    const original = IDBObjectStore.prototype.put;
    vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (this: IDBObjectStore, value, key) {
      if (value === "big") throw new DOMException("no room", "QuotaExceededError");
      return original.call(this, value, key);
    });
  };

  it("refuses by name, and what is stored is unharmed", async () => {
    const table = new Table<string>("t", true);
    await table.put("a", "old");
    fill();
    await expect(table.put("a", "big")).rejects.toMatchObject({ name: "storage-full" });
    expect(await new Table("t", true).get("a")).toBe("old");
  });

  it("holds in memory what does not fit, and says why", async () => {
    const table = new Table<string>("t", true);
    fill();
    expect(await table.putOrHold("a", "big")).toMatchObject({ name: "storage-full" });
    expect(await table.get("a")).toBe("big");
    expect(await table.entries()).toEqual([["a", "big"]]);
    expect(await new Table("t", true).get("a")).toBeUndefined();
    expect(await table.putOrHold("a", "small")).toBeUndefined();
    expect(await new Table("t", true).get("a")).toBe("small");
  });
});

describe("the store", () => {
  it("falls back to memory in a browser that keeps nothing, and says so when asked for its size", async () => {
    vi.spyOn(IDBFactory.prototype, "open").mockImplementation(() => {
      throw new DOMException("not in private windows", "InvalidStateError");
    });
    expect(await canKeep()).toBe(false);
    const store = await Store.open();
    expect(store.isKept).toBe(false);
    await store.runs.put("r", run("r", "x"));
    expect(await store.runs.keys()).toEqual(["r"]);
    await expect(store.usage()).rejects.toMatchObject({ name: "storage-missing" });
  });

  it("gives a run's events in order, and rewrites them as one", async () => {
    const store = await Store.open();
    const events: RunEvent[] = Array.from({ length: 25 }, (_, i) => step(i + 1));
    for (const [chunk, event] of events.entries()) await store.appendEvents("r", [event], chunk);
    await store.appendEvents("r2", [step(1)], 0);
    expect(await store.events("r")).toEqual(events);
    await store.rewriteEvents("r", events.slice(0, 3));
    await store.appendEvents("r", events.slice(3, 5), 1);
    expect(await store.events("r")).toEqual(events.slice(0, 5));
    expect(await store.metrics.keys()).toHaveLength(3);
  });

  it("deletes a run with all that belongs to it and nothing else", async () => {
    const store = await Store.open();
    const flat = Float32Array.of(1);
    for (const id of ["a", "b"]) {
      await store.runs.put(id, run(id, id));
      await store.appendEvents(id, [step(1)], 0);
      await store.checkpoints.put(id, { step: 1, values: flat, moment1: flat, moment2: flat });
      await store.adapterFiles.put(id, new Map([["f", Uint8Array.of(1)]]));
    }
    await store.deleteRun("a");
    const tables = [store.runs, store.metrics, store.checkpoints, store.adapterFiles];
    expect(await Promise.all(tables.map((table) => table.keys()))).toEqual([
      ["b"],
      ["b/00000000"],
      ["b"],
      ["b"],
    ]);
  });

  it("drops datasets that no run refers to and that are not open", async () => {
    const store = await Store.open();
    await store.runs.put("r", run("r", "used"));
    for (const sha256 of ["used", "open", "left"]) {
      await store.datasets.put(sha256, { fileName: sha256, content: new Blob(["x"]) });
    }
    await store.dropUnusedDatasets(async (sha256) => sha256 === "open");
    expect(await store.datasets.keys()).toEqual(["open", "used"]);
  });

  it("gives back a dataset's bytes", async () => {
    const store = await Store.open();
    await store.datasets.put("s", { fileName: "d", content: new Blob(["häß"]) });
    expect(await (await Store.open()).datasets.get("s").then((stored) => stored!.content.text())).toBe("häß");
  });
});
