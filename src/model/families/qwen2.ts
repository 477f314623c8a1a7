// Qwen2: Qwen2 and Qwen2.5 of all sizes. Llama with biases on query, key and value.
// Source: transformers models/qwen2 (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { activationOf, llamaLike, llamaNames, silu, withQwenWindows } from "./llama-like";

export const qwen2: ModelFamily = {
  ...llamaNames,
  config(reader) {
    const config = llamaLike(reader, "qwen2", { maxPositions: 32_768 });
    return {
      ...withQwenWindows(reader, config),
      activation: activationOf(reader, "hidden_act", "silu", silu),
      queryKeyValueBias: true,
    };
  },
};
