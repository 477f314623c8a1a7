// All state of the page, one slice a feature. Components select from it; only slices call the engine. A slice may read
// the others through `get()`, so that features need not import each other.

import { create } from "zustand";
import { createChatSlice, type ChatSlice } from "./features/chat/chat-slice";
import { createDataSlice, type DataSlice } from "./features/data/data-slice";
import { createExportSlice, type ExportSlice } from "./features/export/export-slice";
import { createModelSlice, type ModelSlice } from "./features/model/model-slice";
import { createRunsSlice, type RunsSlice } from "./features/runs/runs-slice";
import { createTrainSlice, isUnderWay, type TrainSlice } from "./features/train/train-slice";
import { createTourSlice, type TourSlice } from "./sample-tour";
import { createShellSlice, type ShellSlice } from "./shell-slice";

export type AppState = ShellSlice &
  TourSlice &
  ModelSlice &
  DataSlice &
  TrainSlice &
  ChatSlice &
  ExportSlice &
  RunsSlice;

export const useStore = create<AppState>()((...parameters) => ({
  ...createShellSlice(...parameters),
  ...createTourSlice(...parameters),
  ...createModelSlice(...parameters),
  ...createDataSlice(...parameters),
  ...createTrainSlice(...parameters),
  ...createChatSlice(...parameters),
  ...createExportSlice(...parameters),
  ...createRunsSlice(...parameters),
}));

/** A run of this tab is under way, or being prepared. */
export function isTraining(state: AppState): boolean {
  return isUnderWay(state.phase);
}
