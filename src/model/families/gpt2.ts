// GPT-2: learned positions, LayerNorm, query, key and value from one projection, and weights stored (K,O).
// Source: transformers models/gpt2 (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { gptConfig } from "./gpt-fields";

export const gpt2: ModelFamily = {
  embedding: "transformer.wte",
  positions: "transformer.wpe",
  finalNorm: "transformer.ln_f",
  head: "lm_head",
  layer(index) {
    const base = `transformer.h.${index}`;
    return {
      norm: { input: `${base}.ln_1`, beforeMlp: `${base}.ln_2` },
      linear: {
        queryKeyValue: `${base}.attn.c_attn`,
        output: `${base}.attn.c_proj`,
        up: `${base}.mlp.c_fc`,
        down: `${base}.mlp.c_proj`,
      },
    };
  },
  config(reader) {
    if (reader.flag("add_cross_attention", false))
      reader.refuse("add_cross_attention", "Only decoders that stand alone can be trained.");
    const config = gptConfig(reader, 1024);
    const scale = reader.flag("scale_attn_weights", true) ? 1 / Math.sqrt(config.headSize) : 1;
    const byLayer = reader.flag("scale_attn_by_inverse_layer_idx", false);
    return {
      ...config,
      modelType: "gpt2",
      ropes: [],
      attention: Array.from({ length: config.layers }, (_, i) => ({
        scale: byLayer ? scale / (i + 1) : scale,
      })),
      queryKeyValueBias: true,
      outputBias: true,
      tiedHead: reader.flag("tie_word_embeddings", true),
      transposedWeights: true,
    };
  },
};
