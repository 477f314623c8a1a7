// The adapters that are stored: trained here or imported, taken away as PEFT zips.

import { AppError, assert } from "../core/errors";
import type { HostTensor } from "../core/host-tensor";
import type { AdapterRecord, ModelReference, RunRecord } from "../core/run-record";
import { unzipAdapter, zipAdapter } from "../export/adapter-zip";
import type { AdapterOrigin } from "../export/adapter-card";
import { modulesOf, readPeftAdapter, writePeftAdapter, type PeftAdapter } from "../export/peft";
import { withLora } from "../model/lora";
import type { Store } from "../storage/store";
import { adapterMatrices } from "./adapter-tensors";
import type { ExportedFile } from "./api";
import { exportName } from "./export-name";
import { freeName } from "./free-name";
import type { OpenedReference } from "./model-room";
import { randomId } from "./random-id";

export class AdapterLibrary {
  constructor(private readonly store: Promise<Store>) {}

  /** Newest first. */
  async list(): Promise<AdapterRecord[]> {
    const adapters = await (await this.store).adapters.values();
    return adapters.sort((a, b) => b.createdAt - a.createdAt);
  }

  async record(id: string): Promise<AdapterRecord> {
    const record = await (await this.store).adapters.get(id);
    if (record) return record;
    throw new AppError("file-missing", "The adapter is not stored in this browser any more.");
  }

  /** Throws `file-missing` when it is gone, `bad-adapter` when it does not fit the model. */
  async read(id: string, model?: OpenedReference): Promise<PeftAdapter> {
    const files = await (await this.store).adapterFiles.get(id);
    if (!files) throw new AppError("file-missing", "The adapter is not stored in this browser any more.");
    const adapter = readPeftAdapter(files, model?.decoder.adaptableLayers());
    if (model) checkComplete(adapter, model);
    return adapter;
  }

  async delete(id: string): Promise<void> {
    await (await this.store).deleteAdapter(id);
  }

  async import(files: readonly File[], model: OpenedReference): Promise<AdapterRecord> {
    const { name, content } = await readFiles(files);
    const adapter = readPeftAdapter(content, model.decoder.adaptableLayers());
    checkComplete(adapter, model);
    const store = await this.store;
    const free = freeName(name, await store.names());
    const record = adapterRecord(randomId(), free, "imported", model.reference, adapter);
    try {
      await store.adapterFiles.put(record.id, storedFiles(adapter));
      await store.adapters.put(record.id, record);
    } catch (error) {
      await store.deleteAdapter(record.id);
      throw error;
    }
    return record;
  }

  /** The zip is opened again and every tensor's bytes compared before it is handed out. */
  async export(id: string): Promise<ExportedFile> {
    const store = await this.store;
    const record = await this.record(id);
    const adapter = await this.read(id);
    const run = await store.runs.get(id);
    const startedFrom = run?.startedFrom && (await store.adapters.get(run.startedFrom))?.name;
    const origin = run ? trainedOrigin(run, startedFrom) : ({ kind: "imported" } as const);
    const zip = zipAdapter(writePeftAdapter(adapter, origin));
    const back = readPeftAdapter(unzipAdapter(zip, "the exported zip"));
    assertEqualTensors(back.tensors, adapter.tensors);
    return {
      name: exportName(record.name, "zip"),
      content: new Blob([zip], { type: "application/zip" }),
    };
  }
}

export function adapterRecord(
  id: string,
  name: string,
  origin: AdapterRecord["origin"],
  model: ModelReference,
  { config, tensors }: PeftAdapter,
): AdapterRecord {
  const paths = [...modulesOf(tensors).keys()];
  return {
    id,
    name,
    model,
    origin,
    rank: config.rank,
    alpha: config.alpha,
    targetModules: [...new Set(paths.map((path) => path.slice(path.lastIndexOf(".") + 1)))].sort(),
    bytes: [...tensors.values()].reduce((sum, { bytes }) => sum + bytes.length, 0),
    createdAt: Date.now(),
  };
}

/** The files that are kept; the card is written when the adapter is taken away. */
export function storedFiles(adapter: PeftAdapter): Map<string, Uint8Array> {
  const files = writePeftAdapter(adapter);
  files.delete("README.md");
  return files;
}

/** A layer that the adapter's own list names must have its matrices: PEFT would leave it silently as it is. */
function checkComplete({ config, tensors }: PeftAdapter, model: OpenedReference): void {
  const { modules } = withLora(model.decoder.declare(1), config, 0);
  for (const { path } of modules) adapterMatrices(tensors, path);
}

function trainedOrigin(run: RunRecord, startedFrom: string | undefined): AdapterOrigin {
  const { dataset, config, savedStep, steps, loss, evaluation } = run;
  return {
    kind: "trained",
    dataset,
    config,
    step: savedStep,
    steps,
    ...(loss !== undefined && { loss }),
    ...(evaluation && { evaluation }),
    ...(startedFrom && { startedFrom }),
  };
}

async function readFiles(
  files: readonly File[],
): Promise<{ readonly name: string; readonly content: ReadonlyMap<string, Uint8Array> }> {
  const bytesOf = async (file: File): Promise<Uint8Array> => {
    try {
      return new Uint8Array(await file.arrayBuffer());
    } catch (cause) {
      throw new AppError(
        "bad-adapter",
        `${file.name} can't be read. It may have changed or moved; choose it again.`,
        {
          cause,
        },
      );
    }
  };
  const zip = files.find((file) => /\.zip$/i.test(file.name)) ?? (files.length === 1 ? files[0] : undefined);
  if (zip && !/\.(json|safetensors|bin)$/i.test(zip.name)) {
    if (files.length > 1) {
      throw new AppError(
        "bad-adapter",
        `${files.length} files were chosen. Choose one zip, or the files of one folder.`,
      );
    }
    return { name: zip.name.replace(/\.zip$/i, ""), content: unzipAdapter(await bytesOf(zip), zip.name) };
  }
  const content = new Map<string, Uint8Array>();
  let name = "Imported adapter";
  for (const file of files) {
    content.set(file.name, await bytesOf(file));
    const folder = file.webkitRelativePath?.split("/").at(-2);
    if (folder) name = folder;
  }
  return { name, content };
}

function assertEqualTensors(
  got: ReadonlyMap<string, HostTensor>,
  need: ReadonlyMap<string, HostTensor>,
): void {
  assert(got.size === need.size, `got ${got.size} tensors out of the exported zip, need ${need.size}`);
  for (const [name, tensor] of need) {
    const { bytes, shape, dtype } = got.get(name) ?? { bytes: new Uint8Array(), shape: [], dtype: "none" };
    const same =
      dtype === tensor.dtype &&
      String(shape) === String(tensor.shape) &&
      bytes.length === tensor.bytes.length &&
      bytes.every((byte, i) => byte === tensor.bytes[i]);
    assert(same, `the exported zip gives another tensor ${name}`);
  }
}
