// The lists of stored runs and adapters, and what can be done with them. A change in another tab arrives here too.

import type { RunEvent } from "../../../core/metrics";
import type { AdapterRecord, RunRecord } from "../../../core/run-record";
import { callback } from "../../../engine/client";
import { engine } from "../../engine";
import { failureOf, type CreateSlice, type Failure } from "../../slice";

/** Metrics of the run that is looked at. */
export interface RunDetail {
  readonly id: string;
  /** Undefined while they are read. */
  readonly events?: readonly RunEvent[] | undefined;
}

export interface RunsSlice {
  readonly runs: readonly RunRecord[];
  readonly adapters: readonly AdapterRecord[];
  /** False until the lists were read for the first time. */
  readonly areRunsRead: boolean;
  readonly runDetail?: RunDetail | undefined;
  readonly runsFailure?: Failure | undefined;
  refreshStored(): Promise<void>;
  /** Reads the lists, now and whenever something was stored. */
  watchStored(): Promise<void>;
  /** Reads a run's metrics; without an id, lets go of them. */
  lookAtRun(id?: string): Promise<void>;
  renameRun(id: string, name: string): Promise<void>;
  deleteRun(id: string): Promise<void>;
  deleteAdapter(id: string): Promise<void>;
  /** Resolves to whether it was done. */
  clearStorage(): Promise<boolean>;
  dismissRunsFailure(): void;
}

export const createRunsSlice: CreateSlice<RunsSlice> = (set, get) => {
  const attempt = async (action: () => Promise<void>): Promise<boolean> => {
    set({ runsFailure: undefined });
    try {
      await action();
      return true;
    } catch (error) {
      set({ runsFailure: failureOf(error) });
      return false;
    }
  };
  return {
    runs: [],
    adapters: [],
    areRunsRead: false,
    refreshStored: async () => {
      try {
        const [runs, adapters] = await Promise.all([engine.runs(), engine.adapters()]);
        set({ runs, adapters });
      } catch (error) {
        set({ runsFailure: failureOf(error) });
      } finally {
        set({ areRunsRead: true });
      }
    },
    watchStored: async () => {
      const refresh = async (): Promise<void> => {
        await Promise.all([get().refreshStored(), get().refreshModels()]);
      };
      await engine.onStored(callback(() => void refresh()));
      await refresh();
    },
    lookAtRun: async (id) => {
      if (id === undefined) return set({ runDetail: undefined });
      set({ runDetail: { id } });
      await attempt(async () => {
        const events = await engine.metrics(id);
        if (get().runDetail?.id === id) set({ runDetail: { id, events } });
      });
    },
    renameRun: async (id, name) => {
      await attempt(async () => {
        await engine.renameRun(id, name);
        await get().refreshStored();
      });
    },
    deleteRun: async (id) => {
      await attempt(async () => {
        await engine.deleteRun(id);
        if (get().runDetail?.id === id) set({ runDetail: undefined });
        await Promise.all([get().refreshStored(), get().refreshStorage()]);
        get().notify("Run deleted");
      });
    },
    deleteAdapter: async (id) => {
      await attempt(async () => {
        await engine.deleteAdapter(id);
        await Promise.all([get().refreshStored(), get().refreshStorage()]);
        get().notify("Adapter deleted");
      });
    },
    clearStorage: () =>
      attempt(async () => {
        await engine.clearStorage();
        get().forgetChat();
        await get().refreshModels();
        set({ runDetail: undefined });
        await Promise.all([get().refreshStored(), get().refreshStorage()]);
        get().notify("Everything stored was deleted");
      }),
    dismissRunsFailure: () => set({ runsFailure: undefined }),
  };
};
