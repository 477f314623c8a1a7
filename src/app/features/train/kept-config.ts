// The settings, as the browser keeps them from visit to visit.

import { defaultRunConfig, type RunConfig } from "../../../core/run-config";
import { parseRunConfig } from "../../../core/run-config-check";

const KEY = "tabtune.run";

/** The defaults, where nothing is kept or what is kept can't be used any more. */
export function keptConfig(): RunConfig {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === null ? defaultRunConfig : parseRunConfig(kept, "kept settings");
  } catch {
    return defaultRunConfig;
  }
}

export function keepConfig(config: RunConfig): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(config));
  } catch {
    // A browser that keeps nothing forgets the settings, too.
  }
}
