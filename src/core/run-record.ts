// What is kept of a run and of an adapter: the entries of the run list and of the adapter list. The bulky parts
// (metrics, tensors, checkpoints, datasets) are kept beside them under the same id.

import type { EvaluationMetrics } from "./metrics";
import type { RunConfig } from "./run-config";

/** A model that can be opened again. */
export type ModelReference = BuiltInReference | HubReference | FolderReference;

export interface BuiltInReference {
  readonly kind: "built-in";
  readonly name: string;
}

/** A repository of a Hugging Face Hub as it was at one commit. */
export interface HubReference {
  readonly kind: "hub";
  /** What people call it: the repository. */
  readonly name: string;
  /** OWNER/NAME. */
  readonly repository: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** Address of a mirror; absent for https://huggingface.co. */
  readonly endpoint?: string;
}

/** A folder on the person's disk, which has to be picked again after a reload. */
export interface FolderReference {
  readonly kind: "folder";
  readonly name: string;
}

/** The same model, for lists and comparisons: equal texts for equal models. */
export function referenceKey(reference: ModelReference): string {
  if (reference.kind === "built-in") return reference.name;
  if (reference.kind === "folder") return `folder ${reference.name}`;
  const { repository, commit, endpoint = DEFAULT_HUB } = reference;
  return `${endpoint.replace(/^https?:\/\//, "")}/${repository}@${commit}`;
}

/** The Hub that is meant where none is named. */
export const DEFAULT_HUB = "https://huggingface.co";

/** A dataset as a run knew it. The file itself is kept under its hash. */
export interface DatasetRecord {
  readonly fileName: string;
  readonly bytes: number;
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string;
  /** The recognised form, a FormatName of data/ or "plain-text". */
  readonly format: string;
  readonly rows: number;
}

/**
 * `running` is true of one tab only: the one that holds the run's lock. A running or paused run without that lock was
 * interrupted, and is listed so.
 */
export type RunStatus =
  "running" | "paused" | "finished" | "stopped" | "interrupted" | "non-finite" | "failed";

export interface RunRecord {
  readonly id: string;
  /** Given by the person, or made of dataset and time. */
  readonly name: string;
  readonly model: ModelReference;
  readonly dataset: DatasetRecord;
  readonly config: RunConfig;
  /** Adapter that it started from, instead of a new one. */
  readonly startedFrom?: string;
  readonly status: RunStatus;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly endedAt?: number;
  /** Steps done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  /** Steps after which the stored adapter and checkpoint were taken; 0 when there is none yet. */
  readonly savedStep: number;
  readonly loss?: number;
  readonly evaluation?: EvaluationMetrics;
  /** Why it ended, in a sentence. */
  readonly message?: string;
}

export interface AdapterRecord {
  /** That of its run, for an adapter that was trained here. */
  readonly id: string;
  readonly name: string;
  readonly model: ModelReference;
  readonly origin: "trained" | "imported";
  readonly rank: number;
  readonly alpha: number;
  readonly targetModules: readonly string[];
  /** Size of its tensors. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}
