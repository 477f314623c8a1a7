// Taking adapters and metrics away, and bringing adapters in.

import { engine } from "../../engine";
import type { ExportedFile } from "../../../engine/api";
import { saveFile } from "../../save-file";
import { failureOf, type CreateSlice, type Failure } from "../../slice";

export interface ExportSlice {
  /** The adapter that another room sent here to look at. */
  readonly shownAdapter?: string | undefined;
  /** What is being made: an adapter's or a run's id. */
  readonly exporting?: string | undefined;
  readonly isImporting: boolean;
  readonly exportFailure?: Failure | undefined;
  readonly importFailure?: Failure | undefined;
  /** Opens the Export room at this adapter. */
  showAdapter(id: string): void;
  exportAdapter(id: string): Promise<void>;
  exportMetrics(run: string, format: "csv" | "json"): Promise<void>;
  importAdapter(files: readonly File[]): Promise<void>;
  dismissExportFailure(): void;
  dismissImportFailure(): void;
}

export const createExportSlice: CreateSlice<ExportSlice> = (set, get) => {
  const save = async (id: string, make: () => Promise<ExportedFile>): Promise<void> => {
    set({ exporting: id, exportFailure: undefined });
    try {
      const { name, content } = await make();
      saveFile(name, content);
      get().notify(`${name} is in your downloads`);
    } catch (error) {
      set({ exportFailure: failureOf(error) });
    } finally {
      set({ exporting: undefined });
    }
  };
  return {
    isImporting: false,
    showAdapter: (shownAdapter) => {
      set({ shownAdapter });
      get().goTo("export");
    },
    exportAdapter: (id) => save(id, () => engine.exportAdapter(id)),
    exportMetrics: (run, format) => save(run, () => engine.exportMetrics(run, format)),
    importAdapter: async (files) => {
      set({ isImporting: true, importFailure: undefined });
      try {
        const { id, name } = await engine.importAdapter(files);
        await Promise.all([get().refreshStored(), get().refreshStorage()]);
        set({ shownAdapter: id });
        get().notify(`${name} is here`);
      } catch (error) {
        set({ importFailure: failureOf(error) });
      } finally {
        set({ isImporting: false });
      }
    },
    dismissExportFailure: () => set({ exportFailure: undefined }),
    dismissImportFailure: () => set({ importFailure: undefined }),
  };
};
