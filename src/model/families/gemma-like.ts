// What the Gemma families share: norm weights about 0, embeddings scaled by √C, a gated MLP with gelu, and from Gemma 2
// on a norm behind attention and MLP as well as in front. √C is rounded to f32; transformers rounds it to the type that
// a model runs in, which here is always f32.
// Source: transformers models/gemma, gemma2 and gemma3 (Apache-2.0): field names and defaults.

import type { DecoderConfig } from "../decoder-config";
import type { ConfigReader } from "./config-reader";
import type { LayerModules } from "./family";
import { activationOf, llamaLike, llamaNames, type LlamaDefaults } from "./llama-like";

/** Released configs say "gelu" and mean its tanh form. */
const geluTanh = { gelu_pytorch_tanh: "gelu-tanh", gelu_new: "gelu-tanh", gelu: "gelu-tanh" } as const;

export function gemmaLike(
  reader: ConfigReader,
  modelType: string,
  defaults: Omit<LlamaDefaults, "headSize" | "tiedHead">,
): DecoderConfig {
  if (reader.has("use_bidirectional_attention") && reader.flag("use_bidirectional_attention", false))
    reader.refuse("use_bidirectional_attention", "Only models that read from left to right can be trained.");
  const config = llamaLike(reader, modelType, { ...defaults, headSize: 256, tiedHead: true });
  const attentionBias = reader.flag("attention_bias", false);
  const activationField = reader.has("hidden_activation") ? "hidden_activation" : "hidden_act";
  return {
    ...config,
    norm: "rms-plus-one",
    activation: activationOf(reader, activationField, "gelu_pytorch_tanh", geluTanh),
    embeddingScale: Math.fround(Math.sqrt(config.hidden)),
    queryKeyValueBias: attentionBias,
    outputBias: attentionBias,
  };
}

/** Scores are divided by the root of `query_pre_attn_scalar`, whatever the size of a head. */
export function withQueryScale(reader: ConfigReader, config: DecoderConfig): DecoderConfig {
  const scale = 1 / Math.sqrt(reader.positive("query_pre_attn_scalar", 256));
  return { ...config, attention: config.attention.map((layer) => ({ ...layer, scale })) };
}

/** Four norms a layer. */
export function sandwiched(index: number): LayerModules {
  const base = `model.layers.${index}`;
  const { linear } = llamaNames.layer(index);
  return {
    linear,
    norm: {
      input: `${base}.input_layernorm`,
      afterAttention: `${base}.post_attention_layernorm`,
      beforeMlp: `${base}.pre_feedforward_layernorm`,
      afterMlp: `${base}.post_feedforward_layernorm`,
    },
  };
}
