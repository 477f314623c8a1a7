// The model that is open.

import type { ModelReference } from "../../../core/run-record";
import type { ModelSummary, Progress } from "../../../engine/api";
import { callback } from "../../../engine/client";
import { engine } from "../../engine";
import { failureOf, type CreateSlice, type Failure } from "../../slice";

export const builtInModel: ModelReference = { kind: "built-in", name: "tabtune-3m" };

export interface ModelSlice {
  readonly model?: ModelSummary | undefined;
  /** The model that is being opened. */
  readonly modelOpening?: ModelReference | undefined;
  readonly modelProgress?: Progress | undefined;
  readonly modelFailure?: Failure | undefined;
  openModel(reference: ModelReference): Promise<void>;
}

export const createModelSlice: CreateSlice<ModelSlice> = (set) => ({
  openModel: async (reference) => {
    set({ modelOpening: reference, modelProgress: undefined, modelFailure: undefined });
    try {
      const model = await engine.openModel(
        reference,
        callback((modelProgress: Progress) => set({ modelProgress })),
      );
      set({ model });
    } catch (error) {
      set({ modelFailure: failureOf(error) });
    } finally {
      set({ modelOpening: undefined, modelProgress: undefined });
    }
  },
});
