// Models from a Hub as the page asks for them, over the local Hub and an IndexedDB of each test's own.

import "fake-indexeddb/auto";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRepository, pushCommit, type HubRepository } from "../../e2e/hub/repository.js";
import { startHub, type HubOptions, type RunningHub } from "../../e2e/hub/server.js";
import { defaultRunConfig } from "../core/run-config";
import type { HubReference } from "../core/run-record";
import type { ModelRecord } from "../storage/model-store";
import { Store } from "../storage/store";
import type { DownloadProgress } from "./api";
import type { Engine } from "./engine";
import {
  builtInFiles,
  CHUNK,
  hubEngine,
  letterTokenizer,
  SharedLocks,
  tinyModel,
  withFiles,
} from "./hub.fixture";

const files = tinyModel();
const total = files.reduce((sum, { size }) => sum + size, 0);
const bytesOfModel = files
  .filter(({ path }) => path !== "README.md")
  .reduce((sum, { size }) => sum + size, 0);

let hub: RunningHub;
let repository: HubRepository;
beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
  repository = createRepository("owner/tiny", files, { licence: "mit" });
});
afterEach(async () => {
  vi.restoreAllMocks();
  await hub.close();
});

async function start(options: Partial<HubOptions> = {}): Promise<RunningHub> {
  hub = await startHub({ repositories: [repository], ...options });
  return hub;
}
async function engineOf(parts: Parameters<typeof hubEngine>[0] = {}, token?: string): Promise<Engine> {
  const engine = hubEngine(parts);
  await engine.setHub({ endpoint: hub.endpoint, ...(token !== undefined && { token }) });
  return engine;
}
const referenceOf = (commit = repository.revisions.get("main")!): HubReference => ({
  kind: "hub",
  name: "owner/tiny",
  repository: "owner/tiny",
  commit,
  endpoint: hub.endpoint,
});
const bodyBytes = (): number =>
  hub.log
    .filter(({ url }) => /resolve-cache|xet-bridge/.test(url))
    .reduce((sum, { bytes }) => sum + bytes, 0);

describe("inspecting a repository", () => {
  it("tells what it is and what it would take, and fetches no weight", async () => {
    await start();
    const engine = await engineOf();
    const plan = await engine.inspectModel({ repository: "owner/tiny" }, defaultRunConfig);
    expect(plan).toMatchObject({
      reference: referenceOf(),
      licence: "mit",
      family: "llama",
      layers: 3,
      hidden: 64,
      vocabulary: 4096,
      bytes: bytesOfModel,
      presentBytes: 0,
      isStored: false,
      isGated: false,
      obstacles: [],
    });
    const headers = 64 * 3 + 3 * 1500;
    const small = files.filter(({ lfs }) => !lfs).reduce((sum, { size }) => sum + size, 0);
    expect(bodyBytes()).toBeLessThan(small + headers);
    expect(hub.log.some(({ url }) => url.includes("tokenizer.json"))).toBe(false);
  });

  it("plans the same memory as a run of the model does, and lighter runs", async () => {
    await start();
    const engine = await engineOf();
    const config = { ...defaultRunConfig, cutoffLength: 512, microBatchSize: 4 };
    const { training, lighterRuns, chatMemory } = await engine.inspectModel(
      { repository: "owner/tiny" },
      config,
    );
    expect(training!.weights).toBeGreaterThan(700_000);
    expect(chatMemory).toBeGreaterThan(training!.weights);
    expect(lighterRuns.length).toBeGreaterThan(0);
    for (const { memory } of lighterRuns) expect(memory).toBeLessThan(training!.total);
    const lightest = lighterRuns[0]!;
    const again = await engine.inspectModel({ repository: "owner/tiny" }, { ...config, ...lightest.changes });
    expect(again.training!.total).toBe(lightest.memory);
  });

  it("says what a run that can't be has to change, and what room is missing", async () => {
    await start();
    vi.spyOn(Store.prototype, "usage").mockResolvedValue({ usage: 900, quota: 1000, persisted: false });
    const engine = await engineOf();
    const config = { ...defaultRunConfig, cutoffLength: 100_000 };
    const plan = await engine.inspectModel({ repository: "owner/tiny" }, config);
    expect(plan.training).toBeUndefined();
    expect(plan.storageLeft).toBe(100);
    expect(plan.obstacles).toEqual([
      expect.stringMatching(/cutoffLength is 100000.*2048 positions/),
      expect.stringMatching(/needs 1 MB.*room for 1 MB/),
    ]);
  });

  it("takes a branch for the commit that it is, and a pull request's revision too", async () => {
    const second = pushCommit(repository, tinyModel({ seed: 9 }), "refs/pr/3");
    await start();
    const engine = await engineOf();
    const plan = await engine.inspectModel({ repository: "owner/tiny", revision: "refs/pr/3" });
    expect(plan.reference.commit).toBe(second);
    await expect(engine.inspectModel({ repository: "owner/tiny", revision: "v9" })).rejects.toMatchObject({
      name: "hub-missing",
      message: expect.stringContaining('no revision "v9"'),
    });
    await expect(engine.inspectModel({ repository: "owner/none" })).rejects.toMatchObject({
      name: "hub-unauthorized",
      message: expect.stringContaining("spelling"),
    });
    for (const repository of ["../x/y", "a b", "owner/..", ""]) {
      await expect(engine.inspectModel({ repository })).rejects.toMatchObject({ name: "bad-config" });
    }
  });

  it("uses a token at its own endpoint alone, and says which permission is missing", async () => {
    const gated = createRepository("owner/gated", files, { gated: "manual" });
    await start({ repositories: [gated], tokens: { good: ["owner/gated"], poor: [] } });
    const ask = async (token?: string): Promise<unknown> =>
      (await engineOf({}, token)).inspectModel({ repository: "owner/gated" });
    await expect(ask()).rejects.toMatchObject({
      name: "hub-unauthorized",
      message: expect.stringContaining(`Accept its terms at ${hub.endpoint}/owner/gated`),
    });
    await expect(ask("poor")).rejects.toThrow(/token's account has not been granted access/);
    await expect(ask("mistyped")).rejects.toThrow(/doesn't accept the token/);
    await expect(ask("good")).resolves.toMatchObject({ isGated: true });
    expect(hub.log.filter(({ authorization }) => authorization === "Bearer good").length).toBeGreaterThan(3);
    const elsewhere = hub.log.filter(({ origin }) => origin === "cdn");
    expect(elsewhere.length).toBeGreaterThan(0);
    expect(elsewhere.every(({ authorization }) => authorization === undefined)).toBe(true);
    // A reference to another endpoint, as an imported run may hold, gets no token.
    const other = await startHub({ repositories: [gated], tokens: { good: ["owner/gated"] } });
    const engine = await engineOf({}, "good");
    const reference = { ...referenceOf(gated.revisions.get("main")), repository: "owner/gated" };
    const stranger = engine.downloadModel({ ...reference, endpoint: other.endpoint });
    await expect(stranger).rejects.toMatchObject({ name: "hub-unauthorized" });
    expect(other.log.length).toBeGreaterThan(0);
    expect(other.log.every(({ authorization }) => authorization === undefined)).toBe(true);
    await other.close();
  });
});

describe("a downloaded model", () => {
  it("is complete, verified and described, and opens without the Hub, also after a reload", async () => {
    await start();
    const engine = await engineOf();
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    const progress: DownloadProgress[] = [];
    const model = await engine.downloadModel(reference, (next) => progress.push(next));
    expect(model).toMatchObject({
      reference,
      bytes: bytesOfModel,
      presentBytes: bytesOfModel,
      isComplete: true,
    });
    expect(progress.at(-1)).toMatchObject({ done: bytesOfModel, total: bytesOfModel, isElsewhere: false });
    const summary = await engine.openModel(reference);
    expect(summary).toMatchObject({ reference, name: "owner/tiny", layers: 3, hasChatTemplate: true });
    await hub.close();
    const reloaded = hubEngine({ hub: { fetch: () => Promise.reject(new TypeError("offline")) } });
    expect(await reloaded.openModel(reference)).toEqual(summary);
    const [listed] = await reloaded.storedModels();
    expect(listed).toMatchObject({ isComplete: true, isDownloading: false, licence: "mit" });
    expect(await reloaded.downloadModel(reference)).toMatchObject({ isComplete: true });
    await reloaded.openModel({ kind: "built-in", name: "tabtune-3m" });
  });

  it("of a single file, the built-in model say, gives the same summary as from the page", async () => {
    repository = createRepository("tabtune/tabtune-3m", builtInFiles);
    await start();
    const engine = await engineOf();
    const { reference, bytes } = await engine.inspectModel({ repository: "tabtune/tabtune-3m" });
    await engine.downloadModel(reference);
    const stored = await engine.openModel(reference);
    const builtIn = await engine.openModel({ kind: "built-in", name: "tabtune-3m" });
    expect({ ...stored, reference: builtIn.reference, name: builtIn.name }).toEqual(builtIn);
    expect(bytes).toBe(
      builtInFiles.filter(({ path }) => path !== "README.md").reduce((s, f) => s + f.size, 0),
    );
  });

  it("is not opened before it is there", async () => {
    await start();
    const engine = await engineOf();
    await expect(engine.openModel(referenceOf())).rejects.toMatchObject({
      name: "file-missing",
      message: expect.stringMatching(/owner\/tiny is not stored/),
    });
  });

  it("is deleted with all that belongs to it, and others stay", async () => {
    const other = createRepository("owner/other", tinyModel({ seed: 5 }));
    await start({ repositories: [repository, other] });
    const engine = await engineOf();
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    const kept = (await engine.inspectModel({ repository: "owner/other" })).reference;
    await engine.downloadModel(reference);
    await engine.downloadModel(kept);
    await engine.openModel(reference);
    await engine.deleteModel(reference);
    expect((await engine.storedModels()).map((model) => model.reference)).toEqual([kept]);
    await expect(engine.planRun(defaultRunConfig)).rejects.toThrow(/No model is open/);
    await expect(engine.openModel(reference)).rejects.toMatchObject({ name: "file-missing" });
    await engine.openModel(kept);
    await engine.clearStorage();
    expect(await engine.storedModels()).toEqual([]);
  });

  it("of which a part is lost says so, and fetches that part alone", async () => {
    await start();
    const engine = await engineOf();
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    await engine.downloadModel(reference);
    const { models } = await Store.open();
    const record = (await models.record(reference))!;
    const shard = record.files.find(({ path }) => path.startsWith("model-00002"))!;
    // As when a cleaning program deletes the browser's file behind a Blob.
    vi.spyOn(Blob.prototype, "arrayBuffer").mockRejectedValueOnce(
      new DOMException("gone", "NotReadableError"),
    );
    expect(await models.chunkStore(record).chunk(shard.path, 1)).toBeUndefined();
    await engine.openModel(reference);
    expect(await models.source(record).read(shard.path, 0, 8)).toHaveLength(8);
    const lost = models.source(record).read(shard.path, CHUNK - 8, CHUNK + 8);
    await expect(lost).rejects.toMatchObject({
      name: "file-missing",
      message: expect.stringContaining("is gone"),
    });
    hub.log.length = 0;
    await expect(hubEngine().openModel(reference)).rejects.toMatchObject({ name: "file-missing" });
    await engine.downloadModel(reference);
    expect(bodyBytes()).toBeLessThanOrEqual(CHUNK);
    await hubEngine().openModel(reference);
  });
});

describe("a download", () => {
  const slowly = () => ({ kind: "slow", milliseconds: 15 }) as const;

  it("that is paused goes on where it was, in the same tab or after a reload", async () => {
    await start({ faults: slowly });
    const engine = await engineOf({ hub: { connections: 2 } });
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    hub.log.length = 0;
    const running = engine.downloadModel(reference);
    const ended = expect(running).rejects.toMatchObject({ name: "stopped" });
    await expect.poll(bodyBytes, { interval: 2 }).toBeGreaterThan(bytesOfModel / 2);
    await engine.pauseDownload(reference);
    await ended;
    const [partial] = await engine.storedModels();
    expect(partial).toMatchObject({ isComplete: false, isDownloading: false });
    expect(partial!.presentBytes).toBeGreaterThan(bytesOfModel / 3);
    await (await engineOf()).downloadModel(reference);
    expect(bodyBytes()).toBeLessThanOrEqual(bytesOfModel + 2 * CHUNK);
    await engine.openModel(reference);
  });

  it("that is cancelled leaves nothing", async () => {
    await start({ faults: slowly });
    const engine = await engineOf();
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    const running = engine.downloadModel(reference);
    const ended = expect(running).rejects.toMatchObject({ name: "stopped" });
    await expect.poll(() => engine.storedModels().then(([model]) => model?.presentBytes)).toBeGreaterThan(0);
    await engine.cancelDownload(reference);
    await ended;
    expect(await engine.storedModels()).toEqual([]);
    const { models } = await Store.open();
    const chunks = models.chunkStore({ reference } as ModelRecord);
    for (const { path } of files) expect(await chunks.chunkNumbers(path)).toEqual(new Set());
  });

  it("is shared by two tabs, and taken over when one closes", async () => {
    await start({ faults: slowly });
    const locks = new SharedLocks();
    const first = await engineOf({ locks: locks.manager("first"), hub: { connections: 1 } });
    const second = await engineOf({ locks: locks.manager("second") });
    const { reference } = await first.inspectModel({ repository: "owner/tiny" });
    hub.log.length = 0;
    const abandoned = first.downloadModel(reference).catch(() => undefined);
    await expect
      .poll(() => first.storedModels().then(([model]) => model?.presentBytes ?? 0))
      .toBeGreaterThan(0);
    const seen: DownloadProgress[] = [];
    const followed = second.downloadModel(reference, (next) => seen.push(next));
    await expect.poll(() => seen.some(({ isElsewhere, done }) => isElsewhere && done > 0)).toBe(true);
    expect((await second.storedModels())[0]!.isDownloading).toBe(true);
    await expect(second.clearStorage()).rejects.toMatchObject({ name: "busy" });
    await first.pauseDownload(reference); // what a closed tab does, seen from outside
    locks.closeTab("first");
    expect(await followed).toMatchObject({ isComplete: true });
    await abandoned;
    expect(seen.at(-1)).toMatchObject({ isElsewhere: false, done: bytesOfModel });
    expect(bodyBytes()).toBeLessThanOrEqual(total + 2 * CHUNK);
  });

  it("is not deleted under another tab", async () => {
    await start({ faults: slowly });
    const locks = new SharedLocks();
    const first = await engineOf({ locks: locks.manager("first") });
    const second = await engineOf({ locks: locks.manager("second") });
    const { reference } = await first.inspectModel({ repository: "owner/tiny" });
    const running = first.downloadModel(reference);
    await expect.poll(() => first.storedModels().then((models) => models.length)).toBe(1);
    await expect(second.deleteModel(reference)).rejects.toMatchObject({ name: "busy" });
    await running;
    await second.deleteModel(reference);
  });

  it("into a full storage says so, keeps what is there, and goes on when there is room", async () => {
    await start();
    const engine = await engineOf({ hub: { connections: 1 } });
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    const put = IDBObjectStore.prototype.put;
    let room = 300_000;
    const full = vi.spyOn(IDBObjectStore.prototype, "put").mockImplementation(function (
      this: IDBObjectStore,
      value: unknown,
      key,
    ) {
      if (value instanceof Blob && (room -= value.size) < 0)
        throw new DOMException("full", "QuotaExceededError");
      return put.call(this, value, key);
    });
    await expect(engine.downloadModel(reference)).rejects.toMatchObject({ name: "storage-full" });
    const [partial] = await engine.storedModels();
    expect(partial!.presentBytes).toBeGreaterThan(200_000);
    full.mockRestore();
    hub.log.length = 0;
    await engine.downloadModel(reference);
    expect(bodyBytes()).toBe(bytesOfModel - partial!.presentBytes);
  });

  it("that finds a stored part unreadable says so, and fetches that part when it goes on", async () => {
    const small = [...files.filter(({ path }) => path !== "tokenizer.json"), letterTokenizer];
    repository = createRepository("owner/tiny", small); // so that only weights have whole chunks
    await start({ faults: slowly });
    const engine = await engineOf();
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    const running = engine.downloadModel(reference).catch(() => undefined);
    await expect.poll(bodyBytes, { interval: 2 }).toBeGreaterThan(6 * CHUNK);
    await engine.pauseDownload(reference);
    await running;
    // A crash has lost what was hashed, so stored chunks are read back; a cleaning program has taken one.
    const { models } = await Store.open();
    const record = (await models.record(reference))!;
    for (const { path } of record.files) {
      await models.chunkStore(record).putHashState(path, new Uint32Array());
    }
    vi.spyOn(Blob.prototype, "arrayBuffer").mockImplementation(async function (this: Blob) {
      if (this.size === CHUNK) {
        vi.mocked(Blob.prototype.arrayBuffer).mockRestore();
        throw new DOMException("gone", "NotReadableError");
      }
      return new Response(this.stream()).arrayBuffer();
    });
    await expect(engine.downloadModel(reference)).rejects.toMatchObject({
      name: "file-missing",
      message: expect.stringMatching(/safetensors: a part that was stored/),
    });
    expect((await engine.downloadModel(reference)).isComplete).toBe(true);
    await engine.openModel(reference);
  });

  it("of a commit that is gone says so", async () => {
    await start();
    const engine = await engineOf();
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    repository.commits.clear();
    await expect(engine.downloadModel(reference)).rejects.toMatchObject({ name: "hub-missing" });
  });

  it("goes on at the pinned commit when the branch moves", async () => {
    await start();
    const engine = await engineOf();
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    pushCommit(repository, withFiles(files, { "config.json": "{}" }));
    await engine.downloadModel(reference);
    expect(await engine.openModel(reference)).toMatchObject({ layers: 3 });
  });

  it("whose bytes are altered once repairs the one chunk", async () => {
    let corrupted = 0;
    await start({
      faults: ({ at, path, begin }) =>
        at === "cdn" && path.startsWith("model-00002") && begin === CHUNK && corrupted++ === 0
          ? { kind: "corrupt", share: 0.4 }
          : undefined,
    });
    const engine = await engineOf({ hub: { connections: 1 } });
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    await engine.downloadModel(reference);
    expect(corrupted).toBeGreaterThan(1);
    const { models } = await Store.open();
    const source = models.source((await models.record(reference))!);
    for (const { path, size, read } of files) {
      const stored = Buffer.from(await source.read(path, 0, size));
      expect(stored.equals(Buffer.concat([...read(0, size)])), path).toBe(true);
    }
  });

  it("whose bytes are always others is refused by name, and leaves the other files", async () => {
    const lies = withFiles(files, {});
    const index = lies.findIndex(({ path }) => path.startsWith("model-00002"));
    lies[index] = { ...lies[index]!, sha256: "0".repeat(64) };
    repository = createRepository("owner/tiny", lies);
    await start();
    const engine = await engineOf();
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    await expect(engine.downloadModel(reference)).rejects.toMatchObject({
      name: "hub-changed",
      message: expect.stringMatching(/owner\/tiny\/model-00002.*another hash/),
    });
    const [partial] = await engine.storedModels();
    expect(partial!.presentBytes).toBe(bytesOfModel - lies[index].size);
    await expect(engine.openModel(reference)).rejects.toMatchObject({ name: "file-missing" });
  });

  it("that cannot reach the Hub tries for a while, tells why it waits, and keeps what it has", async () => {
    await start();
    let requests = Infinity;
    const seen: DownloadProgress[] = [];
    const waits: number[] = [];
    const engine = await engineOf({
      hub: {
        fetch: (...parameters) =>
          requests-- > 0 ? fetch(...parameters) : Promise.reject(new TypeError("Failed to fetch")),
        sleep: async (milliseconds) => void waits.push(milliseconds),
        connections: 1,
      },
    });
    const { reference } = await engine.inspectModel({ repository: "owner/tiny" });
    requests = 10;
    const running = engine.downloadModel(reference, (next) => seen.push(next));
    await expect(running).rejects.toMatchObject({
      name: "hub-offline",
      message: expect.stringMatching(/Failed to fetch.*what has arrived is kept/),
    });
    expect(waits.length).toBeGreaterThan(5);
    expect(waits.at(-1)).toBeGreaterThan(10 * waits[0]!);
    expect(seen.at(-1)!.waiting?.seconds).toBeGreaterThan(1);
    requests = Infinity;
    const { presentBytes } = (await engine.storedModels())[0]!;
    expect(presentBytes).toBeGreaterThan(0);
    hub.log.length = 0;
    expect((await engine.downloadModel(reference)).isComplete).toBe(true);
    expect(bodyBytes()).toBe(bytesOfModel - presentBytes);
  });
});

describe("a repository that is of no use", () => {
  const cases: [string, Record<string, string | undefined>, RegExp][] = [
    [
      "without tokenizer.json",
      { "tokenizer.json": undefined, "vocab.json": "{}" },
      /tokenizer\.json is missing; it has only the older vocab\.json/,
    ],
    [
      "with pickles alone",
      {
        "model.safetensors.index.json": undefined,
        "model-00001-of-00003.safetensors": undefined,
        "model-00002-of-00003.safetensors": undefined,
        "model-00003-of-00003.safetensors": undefined,
        "pytorch_model.bin": "x",
      },
      /pickle \(pytorch_model\.bin\).*refs\/pr\/1/,
    ],
    ["of an adapter", { "config.json": undefined, "adapter_config.json": "{}" }, /an adapter, not a model/],
    [
      "that is quantised",
      {
        "config.json": JSON.stringify({ model_type: "llama", quantization_config: { quant_method: "gptq" } }),
      },
      /quantization_config/,
    ],
    [
      "of an unknown family",
      { "config.json": JSON.stringify({ model_type: "mamba" }) },
      /mamba.*Supported are.*one of them is HuggingFaceTB\/SmolLM2/,
    ],
    [
      "whose index names a file that isn't there",
      { "model-00002-of-00003.safetensors": undefined },
      /no such file/,
    ],
  ];
  it("names what it was made from", async () => {
    const quantised = JSON.stringify({ model_type: "llama", quantization_config: { quant_method: "gptq" } });
    const changed = withFiles(files, { "config.json": quantised });
    repository = createRepository("owner/tiny-gptq", changed, { baseModel: "owner/tiny" });
    await start();
    const inspected = (await engineOf()).inspectModel({ repository: "owner/tiny-gptq" });
    await expect(inspected).rejects.toThrow(/quantization_config.*it was made from owner\/tiny, which/);
  });

  it.each(cases)("%s gets a message that says what is missing", async (_, changes, message) => {
    repository = createRepository("owner/tiny", withFiles(files, changes));
    await start();
    const inspected = (await engineOf()).inspectModel({ repository: "owner/tiny" });
    await expect(inspected).rejects.toThrow(message);
    await expect((await engineOf()).downloadModel(referenceOf())).rejects.toThrow(message);
    expect(await (await engineOf()).storedModels()).toEqual([]);
  });
});
