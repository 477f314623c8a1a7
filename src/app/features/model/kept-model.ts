// Which model was open, as the browser keeps it from visit to visit.

import type { ModelReference } from "../../../core/run-record";

const KEY = "tabtune.model";

export function keptModel(): ModelReference | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as ModelReference | null;
    return kept?.kind === "hub" || kept?.kind === "built-in" ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function keepModel(reference: ModelReference): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(reference));
  } catch {
    // A browser that keeps nothing opens the built-in model the next time.
  }
}
