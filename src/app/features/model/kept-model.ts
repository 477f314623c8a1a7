// Which model was open, as the browser keeps it from visit to visit.

import type { ModelReference } from "../../../core/run-record";
import { keepText, keptText } from "../../kept-text";

const KEY = "tabtune.model";

export function keptModel(): ModelReference | undefined {
  try {
    const kept = JSON.parse(keptText(KEY) ?? "null") as ModelReference | null;
    return kept?.kind === "hub" || kept?.kind === "built-in" ? kept : undefined;
  } catch {
    return undefined;
  }
}

export function keepModel(reference: ModelReference): void {
  keepText(KEY, JSON.stringify(reference));
}
