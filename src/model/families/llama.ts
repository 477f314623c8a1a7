// Llama: SmolLM 1/2, TinyLlama, Llama 2 and 3.x, Vicuna and other models of `model_type: "llama"`.
// Source: transformers models/llama (Apache-2.0): field names, defaults, both spellings of the RoPE settings.

import type { RopeScaling } from "../rope-frequencies";
import type { ConfigReader } from "./config-reader";
import type { ModelFamily } from "./family";

export const llama: ModelFamily = {
  embedding: "model.embed_tokens",
  finalNorm: "model.norm",
  head: "lm_head",
  layer(index) {
    const base = `model.layers.${index}`;
    return {
      inputNorm: `${base}.input_layernorm`,
      mlpNorm: `${base}.post_attention_layernorm`,
      linear: {
        query: `${base}.self_attn.q_proj`,
        key: `${base}.self_attn.k_proj`,
        value: `${base}.self_attn.v_proj`,
        output: `${base}.self_attn.o_proj`,
        gate: `${base}.mlp.gate_proj`,
        up: `${base}.mlp.up_proj`,
        down: `${base}.mlp.down_proj`,
      },
    };
  },
  config(reader) {
    if (!["silu", "swish"].includes(reader.text("hidden_act", "silu"))) {
      reader.refuse("hidden_act", "Only silu is supported for llama.");
    }
    const hidden = reader.size("hidden_size");
    const heads = reader.size("num_attention_heads");
    const kvHeads = reader.size("num_key_value_heads", heads);
    if (heads % kvHeads !== 0)
      reader.refuse("num_key_value_heads", `It must divide num_attention_heads, ${heads}.`);
    const headSize = reader.size("head_dim", hidden / heads);
    if (headSize % 4 !== 0 || headSize > 256)
      reader.refuse("head_dim", "It must be a multiple of 4 up to 256.");
    const feedForward = reader.size("intermediate_size");
    if (hidden % 4 !== 0) reader.refuse("hidden_size", "It must be a multiple of 4.");
    if (feedForward % 4 !== 0) reader.refuse("intermediate_size", "It must be a multiple of 4.");
    return {
      modelType: "llama",
      hidden,
      layers: reader.size("num_hidden_layers"),
      heads,
      kvHeads,
      headSize,
      feedForward,
      vocabulary: reader.size("vocab_size"),
      maxPositions: reader.size("max_position_embeddings", 2048),
      normEpsilon: reader.positive("rms_norm_eps", 1e-6),
      ...ropeOf(reader),
      attentionBias: reader.flag("attention_bias", false),
      mlpBias: reader.flag("mlp_bias", false),
      tiedHead: reader.flag("tie_word_embeddings", false),
    };
  },
};

/** transformers 5 writes `rope_parameters`; earlier files have `rope_theta` and `rope_scaling`. */
function ropeOf(reader: ConfigReader): { ropeTheta: number; ropeScaling: RopeScaling } {
  const parameters = reader.section("rope_parameters");
  const scaling = parameters ?? reader.section("rope_scaling");
  const ropeTheta = parameters?.has("rope_theta")
    ? parameters.positive("rope_theta")
    : reader.positive("rope_theta", 10_000);
  if (!scaling) return { ropeTheta, ropeScaling: { type: "default" } };
  const field = scaling.has("rope_type") ? "rope_type" : "type";
  const type = scaling.text(field, "default");
  if (type === "default") return { ropeTheta, ropeScaling: { type } };
  if (type !== "llama3") scaling.refuse(field, 'Only "default" and "llama3" RoPE are supported.');
  return {
    ropeTheta,
    ropeScaling: {
      type: "llama3",
      factor: scaling.positive("factor"),
      lowFrequencyFactor: scaling.positive("low_freq_factor"),
      highFrequencyFactor: scaling.positive("high_freq_factor"),
      originalPositions: scaling.size("original_max_position_embeddings"),
    },
  };
}
