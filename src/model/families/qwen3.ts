// Qwen3: the dense models. Llama with an RMSNorm of each head's queries and keys, and heads of 128 whatever the width.
// Source: transformers models/qwen3 (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { activationOf, llamaLike, llamaNames, silu, withHeadNorms, withQwenWindows } from "./llama-like";

export const qwen3: ModelFamily = {
  ...llamaNames,
  layer: (index) => withHeadNorms(llamaNames.layer(index), index),
  config(reader) {
    const config = llamaLike(reader, "qwen3", { maxPositions: 32_768, headSize: 128 });
    const attentionBias = reader.flag("attention_bias", false);
    return {
      ...withQwenWindows(reader, config),
      activation: activationOf(reader, "hidden_act", "silu", silu),
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
    };
  },
};
