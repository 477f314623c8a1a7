// The settings, as the browser keeps them from visit to visit.

import { defaultRunConfig, type RunConfig } from "../../../core/run-config";
import { parseRunConfig } from "../../../core/run-config-check";
import { keepText, keptText } from "../../kept-text";

const KEY = "tabtune.run";

/** The defaults, where nothing is kept or what is kept can't be used any more. */
export function keptConfig(): RunConfig {
  try {
    const kept = keptText(KEY);
    return kept === undefined ? defaultRunConfig : parseRunConfig(kept, "kept settings");
  } catch {
    return defaultRunConfig;
  }
}

export function keepConfig(config: RunConfig): void {
  keepText(KEY, JSON.stringify(config));
}
