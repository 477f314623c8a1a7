// The dataset that is open: read once, kept by its hash, and tokenised for the open model in slices, so that the engine
// stays answerable while it works on a large file.

import { AppError } from "../core/errors";
import type { RowProblem } from "../core/message";
import type { DatasetRecord } from "../core/run-record";
import { formats, type FormatName } from "../data/formats/index";
import { readDataset, type Dataset } from "../data/read-dataset";
import { Sha256 } from "../core/sha256";
import { previewTokens } from "../data/token-preview";
import { tokenizeInSteps, type TokenizedDataset, type TokenizeOptions } from "../data/tokenize-example";
import type { Store } from "../storage/store";
import type { DatasetSummary, OnProgress, SampleDataset, TokenizedRow, TokenizedSummary } from "./api";
import { datasetLock, type Locks, type Unlock } from "./locks";
import type { OpenedModel } from "./open-model";
import type { PageFiles } from "./page-files";
import { throttledProgress } from "./throttle";

export interface OpenedDataset {
  readonly record: DatasetRecord;
  readonly dataset: Dataset;
  readonly content: Blob;
  readonly sample?: SampleDataset;
}

interface Tokenizing {
  readonly key: string;
  readonly listeners: Set<OnProgress>;
  readonly abort: AbortController;
  readonly result: Promise<TokenizedDataset>;
}

const LAST_OPEN = "last-dataset";

export class DatasetRoom {
  private current: OpenedDataset | undefined;
  private unlock: Unlock | undefined;
  private tokenizing: Tokenizing | undefined;
  private finished: TokenizedDataset | undefined;
  /** Counts the files that were asked for: of two at once the later one stays. */
  private asked = 0;

  constructor(
    private readonly page: PageFiles,
    private readonly store: Promise<Store>,
    private readonly locks: Locks,
  ) {}

  /** Throws `bad-config` when none is open. */
  get opened(): OpenedDataset {
    if (this.current) return this.current;
    throw new AppError("bad-config", "No dataset is open. Open one in the Data room first.");
  }

  isOpen(opened: OpenedDataset): boolean {
    return this.current === opened;
  }

  async open(file: File, onProgress?: OnProgress): Promise<OpenedDataset> {
    return this.replace(() => readFile(file.name, file, onProgress));
  }

  async openSample(file: string): Promise<OpenedDataset> {
    return this.replace(() => this.readSample(file));
  }

  async samples(): Promise<readonly SampleDataset[]> {
    const { datasets } = await this.page.json<{ datasets: readonly ListedSample[] }>("datasets/index.json");
    return datasets.map(({ file, title, description, rows, run }) => ({
      file,
      title,
      description,
      rows,
      prompts: run.samplePrompts,
      run,
    }));
  }

  /** "" is the dataset that was open last. */
  async reopen(sha256: string): Promise<OpenedDataset> {
    if (sha256 !== "" && this.current?.record.sha256 === sha256) return this.current;
    return this.replace(async () => {
      const last = (await (await this.store).settings.get(LAST_OPEN)) as string | undefined;
      return this.find(sha256 || (last ?? ""));
    });
  }

  /** The open dataset or a stored one. Throws `file-missing`. */
  async find(sha256: string): Promise<OpenedDataset> {
    if (this.current?.record.sha256 === sha256) return this.current;
    const stored = await (await this.store).datasets.get(sha256);
    if (!stored) {
      throw new AppError(
        "file-missing",
        "The dataset is not stored in this browser any more. Open its file again in the Data room.",
      );
    }
    const opened = await readFile(stored.fileName, stored.content);
    const { sample: file } = stored;
    const sample = file
      ? (await this.samples().catch(() => [])).find((entry) => entry.file === file)
      : undefined;
    return { ...opened, ...(sample && { sample }) };
  }

  /** Keeps the file for runs that go on after a reload; without room for it they can't. */
  async keep({ record, content, sample }: OpenedDataset): Promise<void> {
    const { datasets } = await this.store;
    if (await datasets.get(record.sha256)) return;
    const { fileName, sha256 } = record;
    await datasets.putOrHold(sha256, { fileName, content, ...(sample && { sample: sample.file }) });
  }

  async close(): Promise<void> {
    this.asked++;
    this.forget();
    const store = await this.store;
    await store.settings.delete(LAST_OPEN);
    await this.dropUnused();
  }

  async dropUnused(): Promise<void> {
    const held = await this.locks.heldNames();
    const open = this.current?.record.sha256;
    await (
      await this.store
    ).dropUnusedDatasets(async (sha256) => sha256 === open || held.has(datasetLock(sha256)));
  }

  /** The open dataset as `model` gets it; the last result is kept. A call with other options ends one under way. */
  tokenize(model: OpenedModel, options: TokenizeOptions, onProgress?: OnProgress): Promise<TokenizedDataset> {
    const { dataset } = this.opened;
    const { cutoffLength, trainOnPrompt } = options;
    if (!(Number.isInteger(cutoffLength) && cutoffLength >= 2)) {
      throw new AppError(
        "bad-config",
        `cutoffLength is ${cutoffLength}; a whole number of at least 2 tokens was expected.`,
      );
    }
    const key = JSON.stringify([model.name, cutoffLength, trainOnPrompt]);
    if (this.tokenizing?.key !== key) {
      this.tokenizing?.abort.abort();
      const listeners = new Set<OnProgress>();
      const abort = new AbortController();
      const result = tokenizeSlowly(dataset, model, options, {
        signal: abort.signal,
        onProgress: (progress) => listeners.forEach((listener) => listener(progress)),
      });
      const tokenizing: Tokenizing = { key, listeners, abort, result };
      this.tokenizing = tokenizing;
      this.finished = undefined;
      result.then(
        (tokenized) => {
          if (this.tokenizing === tokenizing) this.finished = tokenized;
        },
        () => {
          if (this.tokenizing === tokenizing) this.tokenizing = undefined;
        },
      );
    }
    if (onProgress) this.tokenizing?.listeners.add(throttledProgress(onProgress));
    return this.tokenizing!.result;
  }

  tokenizedSummary({ sequences, lengths, cut, problems }: TokenizedDataset): TokenizedSummary {
    const all = this.allProblems(problems);
    let totalTokens = 0;
    let supervisedTokens = 0;
    for (const { ids, trained } of sequences) {
      totalTokens += ids.length;
      for (let i = 1; i < trained.length; i++) supervisedTokens += trained[i]!;
    }
    return {
      rows: sequences.length,
      lengths: Uint32Array.from(lengths),
      totalTokens,
      supervisedTokens,
      cutRows: cut,
      problems: all.length,
      firstProblems: all.slice(0, FIRST_PROBLEMS),
    };
  }

  rows(model: OpenedModel, first: number, count: number): readonly TokenizedRow[] {
    const { finished } = this;
    if (!finished) throw new AppError("bad-config", "The rows are not tokenised yet.");
    const { sequences, rows, lines, lengths } = finished;
    return sequences.slice(Math.max(0, first), first + count).map(({ ids, trained }, i) => {
      const index = Math.max(0, first) + i;
      const shown = { ids: ids.subarray(0, SHOWN_TOKENS), trained: trained.subarray(0, SHOWN_TOKENS) };
      return {
        row: rows[index]!,
        line: lines[index]!,
        tokens: previewTokens(shown, model.chat.tokenizer),
        length: lengths[index]!,
        isCut: lengths[index]! > ids.length,
      };
    });
  }

  /** JSON Lines. */
  problemsFile(): Blob {
    const lines = this.allProblems(this.finished?.problems ?? []).map(
      (problem) => `${JSON.stringify(problem)}\n`,
    );
    return new Blob(lines, { type: "application/jsonl" });
  }

  private allProblems(tokenizing: readonly RowProblem[]): RowProblem[] {
    return [...this.opened.dataset.problems, ...tokenizing].sort((a, b) => a.line - b.line);
  }

  private async readSample(file: string): Promise<OpenedDataset> {
    const sample = (await this.samples()).find((entry) => entry.file === file);
    if (!sample) throw new AppError("file-missing", `There is no sample dataset ${file}.`);
    const opened = await readFile(file, new Blob([await this.page.bytes(`datasets/${file}`)]));
    return { ...opened, sample };
  }

  private async replace(read: () => Promise<OpenedDataset>): Promise<OpenedDataset> {
    const turn = ++this.asked;
    const opened = await read();
    if (turn !== this.asked) throw new AppError("stopped", "Another dataset was opened meanwhile.");
    this.forget();
    this.current = opened;
    const { sha256 } = opened.record;
    const unlock = await this.locks.take(datasetLock(sha256), "shared");
    if (this.current === opened) this.unlock = unlock;
    else unlock?.();
    await this.keep(opened);
    await (await this.store).settings.putOrHold(LAST_OPEN, sha256);
    await this.dropUnused();
    return opened;
  }

  private forget(): void {
    this.tokenizing?.abort.abort();
    this.tokenizing = undefined;
    this.finished = undefined;
    this.current = undefined;
    this.unlock?.();
    this.unlock = undefined;
  }
}

const FIRST_PROBLEMS = 200;
const SHOWN_TOKENS = 4096;

interface ListedSample extends Omit<SampleDataset, "prompts"> {
  readonly format: string;
}

export function datasetSummary({ record, dataset, sample }: OpenedDataset): DatasetSummary {
  return {
    ...record,
    formatTitle: titleOf(dataset.format),
    problems: dataset.problems.length,
    firstProblems: dataset.problems.slice(0, FIRST_PROBLEMS),
    unusedFields: [...dataset.unusedFields],
    ...(sample && { sample }),
  };
}

function titleOf(format: FormatName | "plain-text"): string {
  if (format === "plain-text") return "Plain text";
  const name = formats[format].shape.split(":")[0]!;
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Longer texts don't fit into one string of every browser. */
const MOST_BYTES = 400_000_000;
const READ_BYTES = 2 ** 22;

async function readFile(fileName: string, content: Blob, onProgress?: OnProgress): Promise<OpenedDataset> {
  const progress = throttledProgress(onProgress);
  if (content.size > MOST_BYTES) {
    throw new AppError(
      "bad-dataset",
      `${fileName}: the file has ${(content.size / 1e6).toFixed(0)} MB; at most ${MOST_BYTES / 1e6} MB can be opened. Split it.`,
    );
  }
  const bytes = new Uint8Array(content.size);
  const hash = new Sha256();
  try {
    for (let done = 0; done < content.size; done += READ_BYTES) {
      const part = new Uint8Array(await content.slice(done, done + READ_BYTES).arrayBuffer());
      bytes.set(part, done);
      hash.update(part);
      progress({ task: "Reading the file", done: done + part.length, total: content.size, unit: "bytes" });
      await nextTurn();
    }
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      "bad-dataset",
      `${fileName} can't be read (${cause instanceof Error ? cause.message : String(cause)}). It may have changed or moved; choose it again.`,
      { cause },
    );
  }
  progress({ task: "Finding the rows", done: 0, total: 0, unit: "rows" });
  await nextTurn();
  const dataset = readDataset(fileName, bytes);
  const rows = dataset.examples.length;
  if (rows === 0) throw noRow(dataset);
  progress({ task: "Finding the rows", done: rows, total: rows, unit: "rows" });
  const record = { fileName, bytes: bytes.length, sha256: hash.digest(), format: dataset.format, rows };
  // The bytes as they were read, whatever becomes of the file on disk.
  return { record, dataset, content: new Blob([bytes]) };
}

function noRow({ fileName, problems }: Dataset): AppError {
  const first = problems[0];
  const why = first ? ` The first problem is at line ${first.line}: ${first.field} ${first.reason}.` : "";
  return new AppError("bad-dataset", `${fileName}: no row can be used.${why}`);
}

const SLICE_MILLISECONDS = 50;

/** Tokenises in slices, between which other calls are served. Throws `stopped` once `signal` is aborted. */
export async function tokenizeSlowly(
  dataset: Dataset,
  model: OpenedModel,
  options: TokenizeOptions,
  { signal, onProgress }: { readonly signal?: AbortSignal; readonly onProgress?: OnProgress } = {},
): Promise<TokenizedDataset> {
  const work = tokenizeInSteps(dataset, model.chat, options);
  const total = dataset.examples.length;
  let sliceEnd = performance.now() + SLICE_MILLISECONDS;
  for (;;) {
    const step = work.next();
    if (step.done) {
      onProgress?.({ task: "Tokenising", done: total, total, unit: "rows" });
      return step.value;
    }
    if (performance.now() < sliceEnd) continue;
    onProgress?.({ task: "Tokenising", done: step.value, total, unit: "rows" });
    await nextTurn();
    if (signal?.aborted) throw new AppError("stopped", "Tokenising was begun anew with other settings.");
    sliceEnd = performance.now() + SLICE_MILLISECONDS;
  }
}

/** Lets messages and timers have their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}
