// Llama: SmolLM 1/2, TinyLlama, Llama 2 and 3.x, Vicuna and other models of `model_type: "llama"`.
// Source: transformers models/llama (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { activationOf, llamaLike, llamaNames, silu } from "./llama-like";

export const llama: ModelFamily = {
  ...llamaNames,
  config(reader) {
    const attentionBias = reader.flag("attention_bias", false);
    return {
      ...llamaLike(reader, "llama", { maxPositions: 2048 }),
      activation: activationOf(reader, "hidden_act", "silu", silu),
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
      mlpBias: reader.flag("mlp_bias", false),
    };
  },
};
