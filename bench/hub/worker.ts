// Measures in a Worker, where the engine lives: a plain fetch of a model's weight files, the same files through the
// engine into IndexedDB, and from there to the GPU.

import type { HubReference } from "../../src/core/run-record";
import { Engine } from "../../src/engine/engine";
import { hasherInWorkers } from "../../src/engine/hasher";
import { loadInParts } from "../../src/engine/load-in-parts";
import { openModel } from "../../src/engine/open-model";
import { browserGpu, openGpu } from "../../src/gpu/device";
import { Memory } from "../../src/program/memory";
import { Store } from "../../src/storage/store";
import { Table } from "../../src/storage/table";
import type { StreamOrder, StreamReply } from "./messages";

addEventListener("message", ({ data }: MessageEvent<StreamOrder>) => {
  const measured = { plain, inspect, stream, store, load }[data.kind](data as never);
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

let engine: Engine;
let reference: HubReference;

/** The files one after the other, whole; their bytes are dropped. */
async function plain({ endpoint, repository, token }: HubOrder): Promise<Measured> {
  const headers = { Authorization: `Bearer ${token}` };
  const answer = await fetch(`${endpoint}/api/models/${repository}/tree/main?recursive=true`, { headers });
  const listed = (await answer.json()) as { path: string }[];
  let bytes = 0;
  const begin = performance.now();
  for (const { path } of listed.filter((file) => file.path.endsWith(".safetensors"))) {
    const response = await fetch(`${endpoint}/${repository}/resolve/main/${path}`, {
      cache: "no-store",
      headers,
    });
    const reader = response.body!.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) bytes += part.value.length;
  }
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
async function store({ bytes, chunkBytes }: Extract<StreamOrder, { kind: "store" }>): Promise<Measured> {
  const table = new Table<Blob>("bench-store", true);
  const chunk = new Uint8Array(chunkBytes);
  for (let at = 0; at < chunkBytes; at += 65_536) crypto.getRandomValues(chunk.subarray(at, at + 65_536));
  const chunks = Math.ceil(bytes / chunkBytes);
  let next = 0;
  const put = async (): Promise<void> => {
    while (next < chunks) await table.put(String(next++), new Blob([chunk]));
  };
  const begin = performance.now();
  await Promise.all([put(), put(), put(), put()]);
  const milliseconds = performance.now() - begin;
  await table.clear();
  return { milliseconds, bytes: chunks * chunkBytes };
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
