// GPT-NeoX: Pythia, Dolly v2, h2oGPT's first models, StableLM-alpha. LayerNorm, biases everywhere, rotary positions on a
// part of each head, attention and MLP side by side, and query, key and value of each head from one projection.
// Source: transformers models/gpt_neox (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { activationOf, gelus, llamaLike } from "./llama-like";

export const gptNeox: ModelFamily = {
  embedding: "gpt_neox.embed_in",
  finalNorm: "gpt_neox.final_layer_norm",
  head: "embed_out",
  layer(index) {
    const base = `gpt_neox.layers.${index}`;
    return {
      norm: { input: `${base}.input_layernorm`, beforeMlp: `${base}.post_attention_layernorm` },
      linear: {
        queryKeyValue: `${base}.attention.query_key_value`,
        output: `${base}.attention.dense`,
        up: `${base}.mlp.dense_h_to_4h`,
        down: `${base}.mlp.dense_4h_to_h`,
      },
    };
  },
  config(reader) {
    const rope = { thetaField: "rotary_emb_base", shareField: "rotary_pct", share: 0.25 };
    const attentionBias = reader.flag("attention_bias", true);
    return {
      ...llamaLike(reader, "gpt_neox", { maxPositions: 2048, rope }),
      norm: "layer",
      normEpsilon: reader.positive("layer_norm_eps", 1e-5),
      parallelResidual: reader.flag("use_parallel_residual", true),
      activation: activationOf(reader, "hidden_act", "gelu", gelus),
      fusedHeads: "by-head",
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
      mlpBias: true,
    };
  },
};
