// The dataset that is open, and its rows as the model gets them. A file that can't be opened leaves the earlier one.

import type { RunConfig } from "../../../core/run-config";
import type {
  DatasetSummary,
  OnProgress,
  Progress,
  SampleDataset,
  TokenizedRow,
  TokenizedSummary,
} from "../../../engine/api";
import { callback } from "../../../engine/client";
import { engine } from "../../engine";
import { saveFile } from "../../save-file";
import { failureOf, type CreateSlice, type Failure } from "../../slice";

export interface DataSlice {
  readonly samples: readonly SampleDataset[];
  readonly dataset?: DatasetSummary | undefined;
  /** Name of the file that is being read. */
  readonly datasetOpening?: string | undefined;
  readonly datasetProgress?: Progress | undefined;
  readonly datasetFailure?: Failure | undefined;
  /** Undefined until the open dataset was tokenised with the present settings. */
  readonly tokenized?: TokenizedSummary | undefined;
  readonly isTokenizing: boolean;
  readonly tokenizeProgress?: Progress | undefined;
  readonly tokenizeFailure?: Failure | undefined;
  readSamples(): Promise<void>;
  openDatasetFile(file: File): Promise<void>;
  openSampleDataset(file: string): Promise<void>;
  /** The dataset that was open when the page was left; silently nothing when there is none. */
  reopenLastDataset(): Promise<void>;
  closeDataset(): Promise<void>;
  /** Tokenises anew where `cutoffLength` or `trainOnPrompt` has changed. */
  tokenize(config: RunConfig): Promise<void>;
  /** Rows to look at; undefined when they were tokenised anew in the meantime. */
  tokenizedRows(first: number, count: number): Promise<readonly TokenizedRow[] | undefined>;
  downloadProblems(): Promise<void>;
  dismissDatasetFailure(): void;
}

export const createDataSlice: CreateSlice<DataSlice> = (set, get) => {
  const open = async (name: string, opening: () => Promise<DatasetSummary>): Promise<void> => {
    set({ datasetOpening: name, datasetProgress: undefined, datasetFailure: undefined });
    try {
      const dataset = await opening();
      set({ dataset, datasetOpening: undefined, tokenized: undefined, tokenizeFailure: undefined });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.name === "stopped") return; // another file was opened in the meantime
      set({ datasetFailure: failure, datasetOpening: undefined });
    }
  };
  return {
    samples: [],
    isTokenizing: false,
    readSamples: async () => {
      if (get().samples.length > 0) return;
      try {
        set({ samples: await engine.sampleDatasets() });
      } catch (error) {
        set({ datasetFailure: failureOf(error) });
      }
    },
    openDatasetFile: (file) =>
      open(file.name, () =>
        engine.openDataset(
          file,
          callback((datasetProgress: Progress) => set({ datasetProgress })),
        ),
      ),
    openSampleDataset: (file) => open(file, () => engine.openSampleDataset(file)),
    reopenLastDataset: async () => {
      if (get().dataset || get().datasetOpening) return;
      const dataset = await engine.reopenDataset("").catch(() => undefined);
      if (dataset && !get().dataset && !get().datasetOpening) set({ dataset });
    },
    closeDataset: async () => {
      await engine.closeDataset();
      set({
        dataset: undefined,
        tokenized: undefined,
        datasetOpening: undefined,
        tokenizeFailure: undefined,
      });
    },
    tokenize: async (config) => {
      const { dataset } = get();
      if (!dataset || !get().model) return;
      set({ isTokenizing: true, tokenizeProgress: undefined, tokenizeFailure: undefined });
      const onProgress: OnProgress = (tokenizeProgress) => set({ tokenizeProgress });
      try {
        const tokenized = await engine.tokenizeDataset(config, callback(onProgress));
        if (get().dataset === dataset) set({ tokenized, isTokenizing: false });
      } catch (error) {
        const failure = failureOf(error);
        if (failure.name === "stopped") return; // asked for anew with other settings
        set({ tokenizeFailure: failure, tokenized: undefined, isTokenizing: false });
      }
    },
    tokenizedRows: (first, count) => engine.tokenizedRows(first, count).catch(() => undefined),
    downloadProblems: async () => {
      try {
        saveFile("problems.jsonl", await engine.problemsFile());
      } catch (error) {
        set({ datasetFailure: failureOf(error) });
      }
    },
    dismissDatasetFailure: () => set({ datasetFailure: undefined }),
  };
};
