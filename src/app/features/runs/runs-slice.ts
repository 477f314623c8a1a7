// The lists of stored runs and adapters.

import type { AdapterRecord, RunRecord } from "../../../core/run-record";
import { engine } from "../../engine";
import type { CreateSlice } from "../../slice";

export interface RunsSlice {
  readonly runs: readonly RunRecord[];
  readonly adapters: readonly AdapterRecord[];
  refreshStored(): Promise<void>;
}

export const createRunsSlice: CreateSlice<RunsSlice> = (set) => ({
  runs: [],
  adapters: [],
  refreshStored: async () => {
    const [runs, adapters] = await Promise.all([engine.runs(), engine.adapters()]);
    set({ runs, adapters });
  },
});
