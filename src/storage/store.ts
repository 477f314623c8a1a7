// Everything that outlives a page: downloaded models, runs with their metrics, adapters, checkpoints, the datasets that
// they were trained on, and what was measured. The bulky parts lie in tables of their own, so that lists open quickly.

import type { Checkpoint } from "../core/checkpoint";
import { AppError } from "../core/errors";
import type { RunEvent } from "../core/metrics";
import type { AdapterRecord, RunRecord } from "../core/run-record";
import { ModelStore } from "./model-store";
import { canKeep, Table } from "./table";

/** Files of a PEFT folder by their names. */
export type StoredAdapter = ReadonlyMap<string, Uint8Array>;

export interface StoredDataset {
  readonly fileName: string;
  readonly content: Blob;
  /** File name in public/datasets, for a sample. */
  readonly sample?: string;
}

export interface Usage {
  /** Bytes. */
  readonly usage: number;
  readonly quota: number;
  /** The browser will not delete it on its own. */
  readonly persisted: boolean;
}

export class Store {
  readonly runs: Table<RunRecord>;
  /** Keys are RUN/CHUNK. */
  readonly metrics: Table<readonly RunEvent[]>;
  readonly adapters: Table<AdapterRecord>;
  readonly adapterFiles: Table<StoredAdapter>;
  /** By run. */
  readonly checkpoints: Table<Checkpoint>;
  /** By SHA-256. */
  readonly datasets: Table<StoredDataset>;
  /** What was measured, and which dataset was open last. */
  readonly settings: Table<unknown>;
  /** Downloaded models. */
  readonly models: ModelStore;

  constructor(readonly isKept: boolean) {
    this.runs = new Table("runs", isKept);
    this.metrics = new Table("metrics", isKept);
    this.adapters = new Table("adapters", isKept);
    this.adapterFiles = new Table("adapter-files", isKept);
    this.checkpoints = new Table("checkpoints", isKept);
    this.datasets = new Table("datasets", isKept);
    this.settings = new Table("settings", isKept);
    this.models = new ModelStore(isKept);
  }

  /** Falls back to memory where the browser keeps nothing. */
  static async open(): Promise<Store> {
    return new Store(await canKeep());
  }

  /** All events of a run, in order. */
  async events(run: string): Promise<RunEvent[]> {
    return (await this.metrics.values(`${run}/`)).flat();
  }

  async appendEvents(run: string, events: readonly RunEvent[], chunk: number): Promise<AppError | undefined> {
    return this.metrics.putOrHold(chunkKey(run, chunk), events);
  }

  /** Replaces a run's events by one chunk, number 0. */
  async rewriteEvents(run: string, events: readonly RunEvent[]): Promise<void> {
    await this.metrics.replace(`${run}/`, events.length > 0 ? [[chunkKey(run, 0), events]] : []);
  }

  async deleteAdapter(adapter: string): Promise<void> {
    await this.adapters.delete(adapter);
    await this.adapterFiles.delete(adapter);
  }

  async deleteRun(run: string): Promise<void> {
    await this.runs.delete(run);
    await this.metrics.replace(`${run}/`, []);
    await this.checkpoints.delete(run);
    await this.deleteAdapter(run);
  }

  /** Deletes the datasets that no run refers to and that `isOpen` does not claim. */
  async dropUnusedDatasets(isOpen: (sha256: string) => Promise<boolean>): Promise<void> {
    const used = new Set((await this.runs.values()).map(({ dataset }) => dataset.sha256));
    for (const sha256 of await this.datasets.keys()) {
      if (!used.has(sha256) && !(await isOpen(sha256))) await this.datasets.delete(sha256);
    }
  }

  /** Of all runs and adapters. */
  async names(): Promise<ReadonlySet<string>> {
    const records = await Promise.all([this.runs.values(), this.adapters.values()]);
    return new Set(records.flat().map(({ name }) => name));
  }

  async clear(): Promise<void> {
    const { runs, metrics, adapters, adapterFiles, checkpoints, datasets, settings } = this;
    for (const table of [runs, metrics, adapters, adapterFiles, checkpoints, datasets, settings]) {
      await table.clear();
    }
    await this.models.clear();
  }

  /** Throws `storage-missing` where nothing is kept. */
  async usage(): Promise<Usage> {
    if (!this.isKept) {
      throw new AppError(
        "storage-missing",
        "This browser keeps nothing for this page (a private window, or storage is turned off). Training and chat work; export the adapter before you close the page.",
      );
    }
    const { usage = 0, quota = 0 } = (await manager()?.estimate?.()) ?? {};
    return { usage, quota, persisted: (await manager()?.persisted?.()) ?? false };
  }
}

function chunkKey(run: string, chunk: number): string {
  return `${run}/${String(chunk).padStart(8, "0")}`;
}

function manager(): Partial<StorageManager> | undefined {
  return typeof navigator === "undefined" ? undefined : navigator.storage;
}
