// What the page may ask of the engine and what it gets: types alone, of plain data that can cross from a Worker. The page
// imports this file and client.ts, and nothing else of the engine.
//
// Every call may reject with an AppError, whose `name` is its code; only name, message and stack survive the way.
// Callbacks are Comlink proxies. At most one run is under way; chat and training share the GPU, not their memory.

import type { RowProblem } from "../core/message";
import type { RunEvent } from "../core/metrics";
import type { RunConfig } from "../core/run-config";
import type {
  AdapterRecord,
  DatasetRecord,
  HubReference,
  ModelReference,
  RunRecord,
} from "../core/run-record";
import type { MemoryEstimate } from "./memory-estimate";

export interface EngineApi {
  /** Opens the GPU, once. Throws `webgpu-missing`. */
  openGpu(): Promise<GpuSummary>;

  /**
   * Reads configuration, tokenizer and template; no weights. The model stays open until another is opened. A model of a
   * Hub is read from storage alone; throws `file-missing` when it isn't downloaded.
   */
  openModel(reference: ModelReference, onProgress?: OnProgress): Promise<ModelSummary>;

  /**
   * Opens a model from a folder of the person's disk; of a tree, the folder of its highest config.json. Files are read
   * where they lie and are not stored.
   */
  openFolder(files: readonly File[]): Promise<ModelSummary>;

  /**
   * Which Hub is asked from now on, and as whom. The token is kept in memory alone and sent to that endpoint alone.
   * Throws `bad-config`.
   */
  setHub(settings: HubSettings): Promise<void>;
  /**
   * What a repository is and what it would take, from its list of files, its configuration and the headers of its
   * weights: no weight is fetched. `config` is the run that memory and time are told for. Throws `unsupported-model`,
   * `bad-model-file` or a HubErrorCode.
   */
  inspectModel(request: HubRequest, config?: RunConfig): Promise<ModelPlan>;
  /**
   * Fetches what is not yet stored, and verifies all of it. A download that another tab carries out is followed, and
   * taken over when that tab closes. Throws `stopped`, `storage-full` or a HubErrorCode; what has arrived is kept.
   */
  downloadModel(reference: HubReference, onProgress?: OnDownload): Promise<StoredModel>;
  /** Ends `downloadModel` as `stopped`. A later `downloadModel` goes on. */
  pauseDownload(reference: HubReference): Promise<void>;
  /** As `pauseDownload`, and deletes what has arrived. Throws `busy` when another tab carries it out. */
  cancelDownload(reference: HubReference): Promise<void>;
  /** Models of Hubs in storage, whole and in part, last used first. */
  storedModels(): Promise<readonly StoredModel[]>;
  /** Throws `busy` while a run uses it or another tab downloads it. */
  deleteModel(reference: HubReference): Promise<void>;

  /** Reads and keeps a dataset file. Throws `bad-dataset` when no row is of use. Needs no model. */
  openDataset(file: File, onProgress?: OnProgress): Promise<DatasetSummary>;
  /** Opens one of public/datasets, with the run that is suggested for it. */
  openSampleDataset(file: string): Promise<DatasetSummary>;
  sampleDatasets(): Promise<readonly SampleDataset[]>;
  /**
   * Opens the dataset again that a run was trained on, or, with "", the one that was open when the page was left. Throws
   * `file-missing` when it is not stored.
   */
  reopenDataset(sha256: string): Promise<DatasetSummary>;
  closeDataset(): Promise<void>;

  /**
   * The rows as the open model will get them. Depends on `cutoffLength`, `trainOnPrompt` and the model only; the last
   * result is kept. A later call ends an earlier one with `stopped`.
   */
  tokenizeDataset(config: RunConfig, onProgress?: OnProgress): Promise<TokenizedSummary>;
  /** Rows [first, first + count) of those that can be used, after `tokenizeDataset`. */
  tokenizedRows(first: number, count: number): Promise<readonly TokenizedRow[]>;
  /** All rows that can't be used, as JSON Lines. */
  problemsFile(): Promise<Blob>;

  /** Memory, steps and time of a run, after `tokenizeDataset` with the same fields. Throws `bad-config`. */
  planRun(config: RunConfig): Promise<RunPlan>;

  /**
   * Trains from a new adapter, from an existing one or from a run's checkpoint. Resolves when the run has ended; a run
   * that ends as `stopped` or `non-finite` resolves too. Events come in batches, at most ten a second. Metrics, adapter
   * and checkpoint are stored on the way.
   */
  train(start: RunStart, listener: RunListener): Promise<RunRecord>;
  pauseRun(): Promise<void>;
  continueRun(): Promise<void>;
  /** Ends the run after the step under way and keeps its adapter. */
  stopRun(): Promise<void>;

  /** Newest first. Runs that a closed or reloaded tab left behind are listed as `interrupted`. */
  runs(): Promise<readonly RunRecord[]>;
  metrics(run: string): Promise<readonly RunEvent[]>;
  renameRun(run: string, name: string): Promise<void>;
  /** Deletes a run with its metrics, checkpoint and adapter. */
  deleteRun(run: string): Promise<void>;
  /** Called after runs, adapters or models have changed, in this tab or another. */
  onStored(listener: () => void): Promise<void>;

  /** Newest first. */
  adapters(): Promise<readonly AdapterRecord[]>;
  deleteAdapter(adapter: string): Promise<void>;
  /** Reads a PEFT adapter: one zip, or the files of its folder. Checked against the open model. Throws `bad-adapter`. */
  importAdapter(files: readonly File[]): Promise<AdapterRecord>;
  /** PEFT adapter as a zip, re-opened and compared before it is handed out. */
  exportAdapter(adapter: string): Promise<ExportedFile>;
  exportMetrics(run: string, format: "csv" | "json"): Promise<ExportedFile>;

  /**
   * Loads the open model for chat, once for the base and all `adapters`. Gives up an earlier chat. Throws `busy` while a
   * run is under way.
   */
  openChat(adapters: readonly string[], onProgress?: OnProgress): Promise<ChatSummary>;
  closeChat(): Promise<void>;
  /** Streams one answer; calls queue up. Text comes in parts that never hold half a character. */
  answer(request: AnswerRequest, onPart: (text: string) => void): Promise<AnswerEnd>;
  /** Ends all answers under way or queued; they resolve with what they have, as `stopped`. */
  stopAnswers(): Promise<void>;

  storage(): Promise<StorageSummary>;
  /** Deletes models, runs, adapters, datasets and measurements. Throws `busy` while a run or download is under way. */
  clearStorage(): Promise<void>;
}

export interface Progress {
  /** What is going on, as a noun phrase: "Weights", "Tokenising". */
  readonly task: string;
  readonly done: number;
  /** 0 when it is not known. */
  readonly total: number;
  readonly unit: "bytes" | "rows" | "kernels" | "tokens";
}

export type OnProgress = (progress: Progress) => void;

export interface GpuSummary {
  /** For people, e.g. "apple metal-3" or "google swiftshader". */
  readonly name: string;
  /** Computes on the processor; works, but is slow. */
  readonly isSoftware: boolean;
  readonly features: readonly string[];
  /** Bytes. */
  readonly largestBuffer: number;
}

export interface ModelSummary {
  readonly reference: ModelReference;
  readonly name: string;
  /** `model_type` of config.json. */
  readonly family: string;
  readonly parameters: number;
  /** Size of the weight files. */
  readonly bytes: number;
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly vocabulary: number;
  /** Longest context in tokens. */
  readonly positions: number;
  /** Short names of the layers that LoRA can adapt, e.g. "q_proj". */
  readonly targetModules: readonly string[];
  readonly hasChatTemplate: boolean;
}

export interface HubSettings {
  /** Address of a mirror; absent for https://huggingface.co. */
  readonly endpoint?: string;
  readonly token?: string;
}

export interface HubRequest {
  /** OWNER/NAME. */
  readonly repository: string;
  /** Branch, tag, commit or refs/pr/N; "main" when absent. */
  readonly revision?: string;
}

export interface ModelPlan {
  /** At the commit that the revision is now. */
  readonly reference: HubReference;
  /** As the model card names it. */
  readonly licence?: string;
  readonly isGated: boolean;
  readonly isPrivate: boolean;
  readonly family: string;
  readonly parameters: number;
  readonly layers: number;
  readonly hidden: number;
  readonly vocabulary: number;
  /** Longest context in tokens. */
  readonly positions: number;
  readonly targetModules: readonly string[];
  /** All files that are needed. */
  readonly bytes: number;
  /** Of them, what is stored already. */
  readonly presentBytes: number;
  readonly isStored: boolean;
  /** What the browser says is left, a hint at best; undefined where it says nothing. */
  readonly storageLeft?: number;
  /** GPU memory of the run that was given, with full rows; undefined when it can't be run. */
  readonly training?: RunPlan["memory"];
  /** GPU memory of a chat with the base model, in bytes. */
  readonly chatMemory: number;
  /** Of the run, on this adapter; undefined until its speed has been measured. */
  readonly secondsPerThousandTokens?: number;
  /** Changes of the run that take less memory, the least first. */
  readonly lighterRuns: readonly LighterRun[];
  /** Why it can't be downloaded or run as planned, and what to change. */
  readonly obstacles: readonly string[];
}

export interface LighterRun {
  readonly changes: Partial<Pick<RunConfig, "microBatchSize" | "cutoffLength">>;
  /** GPU memory in bytes. */
  readonly memory: number;
}

export interface StoredModel {
  readonly reference: HubReference;
  readonly licence?: string;
  /** Of all its files. */
  readonly bytes: number;
  /** Of them, what is stored. */
  readonly presentBytes: number;
  readonly isComplete: boolean;
  /** In this tab or another. */
  readonly isDownloading: boolean;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly usedAt: number;
}

export interface DownloadProgress {
  /** Bytes that are here, of `total`. */
  readonly done: number;
  readonly total: number;
  /** Over the last seconds; 0 while nothing arrives. */
  readonly bytesPerSecond: number;
  readonly secondsLeft?: number;
  /** Why nothing arrives at the moment, and for how long that is waited for. */
  readonly waiting?: { readonly reason: string; readonly seconds: number };
  /** Another tab carries it out. */
  readonly isElsewhere: boolean;
}

export type OnDownload = (progress: DownloadProgress) => void;

export interface SampleDataset {
  readonly file: string;
  readonly title: string;
  readonly description: string;
  readonly rows: number;
  /** Questions worth asking before and after. */
  readonly prompts: readonly string[];
  readonly run: RunConfig;
}

export interface DatasetSummary extends DatasetRecord {
  /** The form for people, e.g. "Alpaca". */
  readonly formatTitle: string;
  readonly problems: number;
  /** The first problems, at most 200. */
  readonly firstProblems: readonly RowProblem[];
  /** Fields that no form reads, with the number of rows that have them. */
  readonly unusedFields: readonly (readonly [field: string, rows: number])[];
  /** Set for a sample dataset. */
  readonly sample?: SampleDataset;
}

export interface TokenizedSummary {
  readonly rows: number;
  /** Tokens of each row before cutting. */
  readonly lengths: Uint32Array;
  /** After cutting. */
  readonly totalTokens: number;
  readonly supervisedTokens: number;
  readonly cutRows: number;
  /** Of the file and of tokenising: rows with nothing to train on, say. */
  readonly problems: number;
  readonly firstProblems: readonly RowProblem[];
}

export interface TokenizedRow {
  /** 1-based, in the file. */
  readonly row: number;
  readonly line: number;
  /** As the model gets them, at most the first 4,096. */
  readonly tokens: readonly { readonly id: number; readonly text: string; readonly trained: boolean }[];
  /** Before cutting. */
  readonly length: number;
  readonly isCut: boolean;
}

export interface RunPlan {
  /** GPU memory in bytes; `total` is the sum of the others. */
  readonly memory: MemoryEstimate;
  readonly recomputesLayers: boolean;
  readonly trainableParameters: number;
  readonly trainingRows: number;
  readonly evaluationRows: number;
  readonly steps: number;
  readonly stepsPerEpoch: number;
  /** Tokens of all steps together. */
  readonly totalTokens: number;
  /** Undefined until this adapter's speed has been measured. */
  readonly seconds?: number;
}

export interface RunStart {
  readonly config: RunConfig;
  readonly name?: string;
  /** Id of the adapter to start from; `config.lora` then takes its rank, alpha and layers. */
  readonly adapter?: string;
  /** Id of an interrupted or stopped run: goes on from its checkpoint with its own configuration and dataset. */
  readonly resume?: string;
}

/** One callback, since each is a message channel. */
export type RunListener = (update: RunUpdate) => void;

export type RunUpdate =
  | { readonly kind: "preparing"; readonly progress: Progress }
  | { readonly kind: "started"; readonly run: RunRecord }
  | { readonly kind: "events"; readonly events: readonly RunEvent[] }
  | { readonly kind: "stored"; readonly savedStep: number };

export interface ChatSummary {
  /** Longest conversation with its answer, in tokens. */
  readonly context: number;
  /** GPU memory in bytes. */
  readonly memory: number;
}

export interface AnswerRequest {
  /** An adapter given to `openChat`; absent for the base model. */
  readonly adapter?: string;
  readonly messages: readonly { readonly role: "system" | "user" | "assistant"; readonly content: string }[];
  readonly maxNewTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly repetitionPenalty: number;
  readonly seed: number;
}

export interface AnswerEnd {
  /** The model ended it, the token limit did, the context is full, or the person did. */
  readonly reason: "end" | "length" | "context" | "stopped";
  readonly promptTokens: number;
  readonly tokens: number;
  /** From the prompt to the last token. */
  readonly seconds: number;
  /** After the first token. */
  readonly tokensPerSecond: number;
}

export interface ExportedFile {
  readonly name: string;
  readonly content: Blob;
}

export interface StorageSummary {
  /** Bytes of this origin, as the browser estimates them. */
  readonly usage: number;
  readonly quota: number;
  /** The browser will not delete it on its own. */
  readonly persisted: boolean;
}
