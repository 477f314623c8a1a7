// The model that is open.

import type { BuiltInReference, ModelReference } from "../../../core/run-record";
import type { ModelSummary, Progress } from "../../../engine/api";
import { callback } from "../../../engine/client";
import { engine } from "../../engine";
import { failureOf, type CreateSlice, type Failure } from "../../slice";
import { keepModel, keptModel } from "./kept-model";

export const builtInModel: BuiltInReference = { kind: "built-in", name: "tabtune-3m" };

export interface ModelSlice {
  readonly model?: ModelSummary | undefined;
  /** The model that is being opened. */
  readonly modelOpening?: ModelReference | undefined;
  readonly modelProgress?: Progress | undefined;
  readonly modelFailure?: Failure | undefined;
  openModel(reference: ModelReference): Promise<void>;
  /** A model from the person's disk. */
  openModelFolder(files: readonly File[]): Promise<void>;
  /** The model that was open when the page was left, else the built-in one. */
  openLastModel(): Promise<void>;
}

export const createModelSlice: CreateSlice<ModelSlice> = (set, get) => ({
  openModelFolder: async (files) => {
    set({ modelFailure: undefined });
    try {
      set({ model: await engine.openFolder(files) });
    } catch (error) {
      set({ modelFailure: failureOf(error) });
    }
  },
  openModel: async (reference) => {
    set({ modelOpening: reference, modelProgress: undefined, modelFailure: undefined });
    try {
      const model = await engine.openModel(
        reference,
        callback((modelProgress: Progress) => set({ modelProgress })),
      );
      keepModel(reference);
      set({ model });
    } catch (error) {
      set({ modelFailure: failureOf(error) });
    } finally {
      set({ modelOpening: undefined, modelProgress: undefined });
    }
  },
  openLastModel: async () => {
    const last = keptModel();
    if (last) await get().openModel(last);
    if (get().model) return;
    await get().openModel(builtInModel);
  },
});
