// The model that is open.

import type { ModelReference } from "../../../core/run-record";
import type { ModelSummary, Progress } from "../../../engine/api";
import { callback } from "../../../engine/client";
import { engine } from "../../engine";
import { failureOf, type CreateSlice, type Failure } from "../../slice";

export interface ModelSlice {
  readonly model?: ModelSummary;
  readonly modelProgress?: Progress;
  readonly modelFailure?: Failure;
  openModel(reference: ModelReference): Promise<void>;
}

export const createModelSlice: CreateSlice<ModelSlice> = (set) => ({
  openModel: async (reference) => {
    try {
      const model = await engine.openModel(
        reference,
        callback((modelProgress: Progress) => set({ modelProgress })),
      );
      set({ model });
    } catch (error) {
      set({ modelFailure: failureOf(error) });
    }
  },
});
