// Taking adapters and metrics away, and bringing adapters in.

import type { CreateSlice, Failure } from "../../slice";

export interface ExportSlice {
  readonly exportFailure?: Failure;
}

export const createExportSlice: CreateSlice<ExportSlice> = () => ({});
