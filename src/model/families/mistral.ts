// Mistral: Mistral 7B and its relatives. Llama with a sliding window on every layer, where config.json gives one.
// Source: transformers models/mistral (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { activationOf, llamaLike, llamaNames, silu, withWindows } from "./llama-like";

export const mistral: ModelFamily = {
  ...llamaNames,
  config(reader) {
    const config = llamaLike(reader, "mistral", { maxPositions: 131_072, kvHeads: 8 });
    const everywhere = config.attention.map(() => true);
    return {
      ...withWindows(config, reader.sizeOrNone("sliding_window", 4096), everywhere),
      activation: activationOf(reader, "hidden_act", "silu", silu),
    };
  },
};
