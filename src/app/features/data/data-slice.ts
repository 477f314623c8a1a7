// The dataset that is open, and its rows as the model gets them.

import type { DatasetSummary, TokenizedSummary } from "../../../engine/api";
import { engine } from "../../engine";
import { failureOf, type CreateSlice, type Failure } from "../../slice";

export interface DataSlice {
  readonly dataset?: DatasetSummary;
  readonly tokenized?: TokenizedSummary;
  readonly datasetFailure?: Failure;
  openDatasetFile(file: File): Promise<void>;
  openSampleDataset(file: string): Promise<void>;
}

export const createDataSlice: CreateSlice<DataSlice> = (set) => {
  const opened = async (opening: Promise<DatasetSummary>): Promise<void> => {
    try {
      set({ dataset: await opening });
    } catch (error) {
      set({ datasetFailure: failureOf(error) });
    }
  };
  return {
    openDatasetFile: (file) => opened(engine.openDataset(file)),
    openSampleDataset: (file) => opened(engine.openSampleDataset(file)),
  };
};
