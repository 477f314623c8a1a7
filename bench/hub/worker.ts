// Measures in a Worker, where the engine lives: a plain fetch of a model's weight files, the same files through the
// engine into IndexedDB, and from there to the GPU.

import type { HubReference } from "../../src/core/run-record";
import { Engine } from "../../src/engine/engine";
import { hasherInWorkers } from "../../src/engine/hasher";
import { loadInParts } from "../../src/engine/load-in-parts";
import { openModel } from "../../src/engine/open-model";
import { browserGpu, openGpu } from "../../src/gpu/device";
import { CHUNK_BYTES } from "../../src/hub/download";
import { Memory } from "../../src/program/memory";
import { Store } from "../../src/storage/store";
import { Table } from "../../src/storage/table";
import type { StreamOrder, StreamReply } from "./messages";

addEventListener("message", ({ data }: MessageEvent<StreamOrder>) => {
  const measured = { plain, ranges, inspect, stream, store, hash, load }[data.kind](data as never);
  void measured
    .catch((error: unknown) => ({ milliseconds: 0, bytes: 0, failure: String((error as Error).stack) }))
    .then(async (result) => {
      const { usage = 0 } = await navigator.storage.estimate();
      const reply: StreamReply = { ...result, storedBytes: usage };
      postMessage(reply);
    });
});

type Measured = Omit<StreamReply, "storedBytes">;
type HubOrder = Extract<StreamOrder, { endpoint: string }>;
type ChunkOrder = Extract<StreamOrder, { bytes: number }>;

let engine: Engine;
let reference: HubReference;

/** As many as a download has connections. */
const AT_ONCE = 4;

async function atOnce(work: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function weightFiles({ endpoint, repository, token }: HubOrder) {
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${endpoint}/api/models/${repository}/tree/main?recursive=true`, { headers });
  const listed = (await answer.json()) as { path: string; size: number }[];
  return listed
    .filter(({ path }) => path.endsWith(".safetensors"))
    .map(({ path, size }) => ({ url: `${endpoint}/${repository}/resolve/main/${path}`, size, headers }));
}

/** Fetches a file or a range of it and drops the bytes; gives their number. */
async function drop(url: string, headers: Record<string, string>): Promise<number> {
  const response = await fetch(url, { cache: "no-store", headers });
  const reader = response.body!.getReader();
  let bytes = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) bytes += part.value.length;
  return bytes;
}

/** The files one after the other, whole. */
async function plain(order: HubOrder): Promise<Measured> {
  const files = await weightFiles(order);
  let bytes = 0;
  const begin = performance.now();
  for (const { url, headers } of files) bytes += await drop(url, headers);
  return { milliseconds: performance.now() - begin, bytes };
}

/** The requests of a download, and nothing done with the answers. */
async function ranges(order: HubOrder): Promise<Measured> {
  const chunks = (await weightFiles(order)).flatMap(({ url, size, headers }) =>
    Array.from({ length: Math.ceil(size / CHUNK_BYTES) }, (_, i) => {
      const last = Math.min(size, (i + 1) * CHUNK_BYTES) - 1;
      return { url, headers: { ...headers, Range: `bytes=${i * CHUNK_BYTES}-${last}` } };
    }),
  );
  let bytes = 0;
  const begin = performance.now();
  await atOnce(async () => {
    for (let chunk = chunks.shift(); chunk; chunk = chunks.shift()) {
      const dropped = await drop(chunk.url, chunk.headers);
      bytes += dropped; // the others have added theirs meanwhile
    }
  });
  return { milliseconds: performance.now() - begin, bytes };
}

/** What the page does before a download: lists, headers, and the plan of a run. */
async function inspect({ endpoint, repository, token }: HubOrder): Promise<Measured> {
  engine = new Engine({
    openGpu: () => openGpu(browserGpu()),
    base: new URL("./", location.href),
    locks: navigator.locks,
    hub: { newHasher: hasherInWorkers },
  });
  const begin = performance.now();
  await engine.setHub({ endpoint, token });
  ({ reference } = await engine.inspectModel({ repository }));
  return { milliseconds: performance.now() - begin, bytes: 0 };
}

async function stream(): Promise<Measured> {
  const begin = performance.now();
  const { bytes } = await engine.downloadModel(reference);
  return { milliseconds: performance.now() - begin, bytes };
}

/** Blobs of one chunk's bytes into a table of their own, as a download puts them. */
async function store({ bytes }: ChunkOrder): Promise<Measured> {
  const table = new Table<Blob>("bench-store", true);
  const content = new Uint8Array(CHUNK_BYTES);
  for (let at = 0; at < CHUNK_BYTES; at += 65_536) crypto.getRandomValues(content.subarray(at, at + 65_536));
  const chunks = Math.ceil(bytes / CHUNK_BYTES);
  let next = 0;
  const begin = performance.now();
  await atOnce(async () => {
    while (next < chunks) await table.put(String(next++), new Blob([content]));
  });
  const milliseconds = performance.now() - begin;
  await table.clear();
  return { milliseconds, bytes: chunks * CHUNK_BYTES };
}

/** Zeros through the workers that hash, as many files side by side. */
async function hash({ bytes }: ChunkOrder): Promise<Measured> {
  const hasher = hasherInWorkers();
  const chunks = Math.ceil(bytes / CHUNK_BYTES);
  let next = 0;
  const begin = performance.now();
  await atOnce(async () => {
    let words = new Uint32Array(8);
    for (let length = 0; next < chunks; length += CHUNK_BYTES) {
      next++;
      words = new Uint32Array(await hasher.add({ words, length }, [new Uint8Array(CHUNK_BYTES)]));
    }
  });
  const milliseconds = performance.now() - begin;
  hasher.dispose();
  return { milliseconds, bytes: chunks * CHUNK_BYTES };
}

async function load(): Promise<Measured> {
  const gpu = await openGpu(browserGpu());
  const { models } = await Store.open();
  const record = await models.record(reference);
  const begin = performance.now();
  const { decoder } = await openModel(models.source(record!));
  const declared = decoder.declare(256);
  const memory = new Memory(gpu);
  await loadInParts(memory, declared, decoder.weights);
  await gpu.finished();
  const milliseconds = performance.now() - begin;
  const bytes = gpu.allocatedBytes;
  memory.dispose();
  gpu.dispose();
  return { milliseconds, bytes };
}
