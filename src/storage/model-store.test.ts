import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { HubReference } from "../core/run-record";
import { ModelStore, type ModelRecord } from "./model-store";

beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});
afterEach(() => vi.restoreAllMocks());

const reference = (commit: string): HubReference => ({
  kind: "hub",
  name: "o/m",
  repository: "o/m",
  commit: commit.repeat(40),
});
const record = (commit: string): ModelRecord => ({
  reference: reference(commit),
  files: [
    { path: "config.json", size: 3 },
    { path: "model.safetensors", size: 20 },
  ],
  chunkBytes: 8,
  startedAt: 1,
  usedAt: 1,
  isComplete: false,
});
const bytes = Uint8Array.from({ length: 20 }, (_, i) => i);

async function filled(store: ModelStore, commit: string): Promise<ModelRecord> {
  const begun = await store.begin(record(commit));
  const chunks = store.chunkStore(begun);
  await chunks.putChunk("config.json", 0, new Blob(["{ }"]));
  for (let number = 0; number < 3; number++) {
    await chunks.putChunk("model.safetensors", number, new Blob([bytes.slice(8 * number, 8 * number + 8)]));
  }
  return begun;
}

describe.each([true, false])("the model store (kept: %s)", (isKept) => {
  it("gives any range of a file, across chunks", async () => {
    const store = new ModelStore(isKept);
    const source = store.source(await filled(store, "a"));
    expect(await source.text("config.json")).toBe("{ }");
    for (const [begin, end] of [
      [0, 20],
      [0, 8],
      [8, 16],
      [7, 9],
      [3, 5],
      [15, 20],
      [20, 20],
    ] as const) {
      expect([...(await source.read("model.safetensors", begin, end))]).toEqual([...bytes.slice(begin, end)]);
    }
    expect(await source.has("tokenizer.json")).toBe(false);
    await expect(source.size("tokenizer.json")).rejects.toMatchObject({ name: "file-missing" });
  });

  it("counts what is there, and keeps it when the download begins again", async () => {
    const store = new ModelStore(isKept);
    const begun = await filled(store, "a");
    expect(await store.presentBytes(begun)).toBe(23);
    expect(await store.presentBytes(begun, (path) => path === "config.json")).toBe(3);
    await store.chunkStore(begun).dropFile("config.json");
    expect(await store.begin({ ...record("a"), chunkBytes: 4 })).toEqual(begun);
    expect(await store.presentBytes(begun)).toBe(20);
    expect(await store.chunkStore(begun).chunkNumbers("model.safetensors")).toEqual(new Set([0, 1, 2]));
  });

  it("deletes one commit and leaves the other", async () => {
    const store = new ModelStore(isKept);
    await filled(store, "a");
    const other = await filled(store, "b");
    await store.delete(reference("a"));
    expect((await store.list()).map(({ reference: { commit } }) => commit[0])).toEqual(["b"]);
    expect(await store.presentBytes(other)).toBe(23);
    await expect(store.complete(reference("a"))).rejects.toMatchObject({ name: "file-missing" });
  });

  it("knows a lost chunk for lost, and says the model is incomplete", async () => {
    const store = new ModelStore(isKept);
    const begun = await filled(store, "a");
    const complete = await store.complete(begun.reference);
    expect(complete.isComplete).toBe(true);
    vi.spyOn(Blob.prototype, "arrayBuffer").mockRejectedValueOnce(
      new DOMException("gone", "NotReadableError"),
    );
    const read = store.source(complete).read("model.safetensors", 0, 20);
    await expect(read).rejects.toMatchObject({
      name: "file-missing",
      message: expect.stringMatching(/o\/m\/model\.safetensors: a part that was stored is gone/),
    });
    expect((await store.record(begun.reference))!.isComplete).toBe(false);
    expect(await store.chunkStore(begun).chunkNumbers("model.safetensors")).toEqual(new Set([1, 2]));
  });
});

describe("the model store", () => {
  it("sweeps away chunks whose record is gone, and no others", async () => {
    const store = new ModelStore(true);
    const kept = await filled(store, "b");
    const gone = await filled(store, "a");
    const deletion = vi.spyOn(IDBObjectStore.prototype, "delete").mockImplementationOnce(function (
      this: IDBObjectStore,
      key,
    ) {
      vi.mocked(IDBObjectStore.prototype.delete).mockRestore();
      const done = this.delete(key);
      vi.spyOn(IDBObjectStore.prototype, "delete").mockImplementation(() => {
        throw new DOMException("the tab was closed", "AbortError");
      });
      return done;
    });
    await expect(store.delete(gone.reference)).rejects.toThrow();
    deletion.mockRestore();
    vi.restoreAllMocks();
    const reloaded = new ModelStore(true);
    expect(await reloaded.presentBytes(gone)).toBe(23);
    await reloaded.sweep();
    expect(await reloaded.presentBytes(gone)).toBe(0);
    expect(await reloaded.presentBytes(kept)).toBe(23);
  });

  it("hands its records to the disk before it goes on, the completing one last", async () => {
    const asked = vi.spyOn(IDBDatabase.prototype, "transaction");
    const store = new ModelStore(true);
    const begun = await filled(store, "a");
    await store.complete(begun.reference);
    const durable = asked.mock.calls.filter(([, mode, options]) => mode && options?.durability === "strict");
    expect(durable.map(([table]) => table)).toEqual(["models", "models"]);
    const writes = asked.mock.calls.filter(([, mode]) => mode === "readwrite");
    expect(writes.at(-1)![2]).toEqual({ durability: "strict" });
    expect((await new ModelStore(true).record(begun.reference))!.isComplete).toBe(true);
  });
});
