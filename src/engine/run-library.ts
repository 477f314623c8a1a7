// The runs that are stored. A run that says it is under way while no tab holds its lock was interrupted.

import { AppError } from "../core/errors";
import type { RunEvent } from "../core/metrics";
import type { RunRecord } from "../core/run-record";
import { metricsCsv, metricsJson } from "../export/metrics-table";
import type { Store } from "../storage/store";
import type { ExportedFile } from "./api";
import { exportName } from "./export-name";
import { runLock, type Locks } from "./locks";

export class RunLibrary {
  constructor(
    private readonly store: Promise<Store>,
    private readonly locks: Locks,
  ) {}

  /** Newest first. */
  async list(): Promise<RunRecord[]> {
    const { runs } = await this.store;
    const records: RunRecord[] = [];
    for (const record of await runs.values()) {
      const isUnderWay = record.status === "running" || record.status === "paused";
      if (!isUnderWay || (await this.locks.isHeld(runLock(record.id)))) {
        records.push(record);
        continue;
      }
      // It may have ended since the list was read.
      const current = (await runs.get(record.id)) ?? record;
      const interrupted = current.status === record.status ? interruptedRecord(current) : current;
      if (interrupted !== current) await runs.putOrHold(record.id, interrupted);
      records.push(interrupted);
    }
    return records.sort((a, b) => b.startedAt - a.startedAt);
  }

  async record(id: string): Promise<RunRecord> {
    const record = await (await this.store).runs.get(id);
    if (record) return record;
    throw new AppError("file-missing", "The run is not stored in this browser any more.");
  }

  async metrics(id: string): Promise<RunEvent[]> {
    return (await this.store).events(id);
  }

  /** The adapter takes the name too. */
  async rename(id: string, name: string): Promise<void> {
    const store = await this.store;
    const record = await this.record(id);
    const plain = name.trim();
    if (plain === "") throw new AppError("bad-config", "A run's name can't be empty.");
    await store.runs.put(id, { ...record, name: plain });
    const adapter = await store.adapters.get(id);
    if (adapter) await store.adapters.put(id, { ...adapter, name: plain });
  }

  async delete(id: string): Promise<void> {
    if (await this.locks.isHeld(runLock(id))) {
      throw new AppError("busy", "The run is under way. Stop it before you delete it.");
    }
    await (await this.store).deleteRun(id);
  }

  async export(id: string, format: "csv" | "json"): Promise<ExportedFile> {
    const { name } = await this.record(id);
    const events = await this.metrics(id);
    const text = format === "csv" ? metricsCsv(events) : metricsJson(events);
    const type = format === "csv" ? "text/csv" : "application/json";
    return { name: exportName(`${name}-metrics`, format), content: new Blob([text], { type }) };
  }

  /** True while any tab trains. */
  async isAnyUnderWay(): Promise<boolean> {
    const held = await this.locks.heldNames();
    return [...held].some((name) => name.startsWith(runLock("")));
  }
}

function interruptedRecord(record: RunRecord): RunRecord {
  const { step, savedStep } = record;
  const kept =
    savedStep > 0
      ? `It can go on from step ${savedStep}, where it was last saved.`
      : "Nothing was saved yet; it can begin again.";
  return {
    ...record,
    status: "interrupted",
    message: `The page was closed or reloaded after step ${step}. ${kept}`,
  };
}
