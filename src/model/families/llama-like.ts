// What Llama and the families that grew out of it share: names of modules, fields of config.json and their checks.
// A family's own file says what differs.

import type { Activation } from "../../ops/activation";
import type { DecoderConfig, LayerAttention } from "../decoder-config";
import type { ConfigReader } from "./config-reader";
import type { LayerModules } from "./family";
import { ropeOf, type RopeDefaults } from "./rope-fields";

export const llamaNames = {
  embedding: "model.embed_tokens",
  finalNorm: "model.norm",
  head: "lm_head",
  layer(index: number): LayerModules {
    const base = `model.layers.${index}`;
    return {
      norm: { input: `${base}.input_layernorm`, beforeMlp: `${base}.post_attention_layernorm` },
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
};

/** `llamaNames.layer` with norms of each head's queries and keys. */
export function withHeadNorms(modules: LayerModules, index: number): LayerModules {
  const base = `model.layers.${index}.self_attn`;
  return { ...modules, norm: { ...modules.norm, query: `${base}.q_norm`, key: `${base}.k_norm` } };
}

/** What a family's config.json leaves out. */
export interface LlamaDefaults {
  readonly maxPositions: number;
  readonly kvHeads?: number;
  readonly headSize?: number;
  readonly normEpsilon?: number;
  readonly tiedHead?: boolean;
  /** Names and defaults of the RoPE settings. */
  readonly rope?: Omit<RopeDefaults, "headSize">;
}

/** The decoder of a family like Llama. Throws `bad-model-file` or `unsupported-model`. */
export function llamaLike(reader: ConfigReader, modelType: string, defaults: LlamaDefaults): DecoderConfig {
  const hidden = reader.size("hidden_size");
  const heads = reader.size("num_attention_heads");
  const kvHeads = reader.size("num_key_value_heads", defaults.kvHeads ?? heads);
  if (heads % kvHeads !== 0)
    reader.refuse("num_key_value_heads", `It must divide num_attention_heads, ${heads}.`);
  const headSize = reader.size("head_dim", defaults.headSize ?? hidden / heads);
  refuseHeadSize(reader, "head_dim", headSize);
  const feedForward = reader.size("intermediate_size");
  refuseUnlessQuads(reader, "hidden_size", hidden);
  refuseUnlessQuads(reader, "intermediate_size", feedForward);
  const layers = reader.layers("num_hidden_layers");
  return {
    ...plainDecoder,
    modelType,
    hidden,
    layers,
    heads,
    kvHeads,
    headSize,
    feedForward,
    vocabulary: reader.size("vocab_size"),
    maxPositions: reader.size("max_position_embeddings", defaults.maxPositions),
    normEpsilon: reader.positive("rms_norm_eps", defaults.normEpsilon ?? 1e-6),
    ropes: [ropeOf(reader, { headSize, ...defaults.rope })],
    attention: everyLayer(layers, { scale: 1 / Math.sqrt(headSize), rope: 0 }),
    tiedHead: reader.flag("tie_word_embeddings", defaults.tiedHead ?? false),
  };
}

/** The knobs that few families turn. */
export const plainDecoder = {
  norm: "rms",
  parallelResidual: false,
  activation: "silu",
  fusedHeads: "blocks",
  queryKeyValueBias: false,
  outputBias: false,
  mlpBias: false,
  embeddingScale: 1,
  headBias: false,
  transposedWeights: false,
} as const satisfies Partial<DecoderConfig>;

export function everyLayer(layers: number, attention: LayerAttention): LayerAttention[] {
  return Array.from({ length: layers }, () => attention);
}

/** `config` with `window` on the layers that slide. */
export function withWindows(
  config: DecoderConfig,
  window: number | undefined,
  slides: readonly boolean[],
): DecoderConfig {
  if (window === undefined) return config;
  const attention = config.attention.map((layer, i) => (slides[i] ? { ...layer, window } : layer));
  return { ...config, attention };
}

/** Which layers slide: `layer_types`, or the family's rule. */
export function slidingLayers(
  reader: ConfigReader,
  layers: number,
  rule: (index: number) => boolean,
): boolean[] {
  const types = reader.perLayer("layer_types", layers, ["full_attention", "sliding_attention"]);
  return Array.from({ length: layers }, (_, i) => (types ? types[i] === "sliding_attention" : rule(i)));
}

/** Windows of Qwen's families: off unless `use_sliding_window`, then on the layers from `max_window_layers` on. */
export function withQwenWindows(reader: ConfigReader, config: DecoderConfig): DecoderConfig {
  if (!reader.flag("use_sliding_window", false)) return config;
  const first = reader.size("max_window_layers", 28);
  const slides = slidingLayers(reader, config.layers, (index) => index >= first);
  return withWindows(config, reader.sizeOrNone("sliding_window", 4096), slides);
}

/** The activation named by `field`, one of `known` (name in transformers → ours). */
export function activationOf(
  reader: ConfigReader,
  field: string,
  fallback: string,
  known: Readonly<Record<string, Activation>>,
): Activation {
  const name = reader.text(field, fallback);
  const activation = new Map(Object.entries(known)).get(name);
  return (
    activation ??
    reader.refuse(field, `Only ${Object.keys(known).join(", ")} ${plural(known)} supported for this family.`)
  );
}

export const silu: Readonly<Record<string, Activation>> = { silu: "silu", swish: "silu" };
/** Names of the exact gelu and of its tanh form. */
export const gelus: Readonly<Record<string, Activation>> = {
  gelu: "gelu",
  gelu_new: "gelu-tanh",
  gelu_fast: "gelu-tanh",
  gelu_pytorch_tanh: "gelu-tanh",
};

export function refuseHeadSize(reader: ConfigReader, field: string, headSize: number): void {
  if (headSize % 4 !== 0 || headSize > 256) {
    reader.refuse(
      field,
      `Heads of ${headSize} elements are not supported; it must be a multiple of 4 up to 256.`,
    );
  }
}

export function refuseUnlessQuads(reader: ConfigReader, field: string, size: number): void {
  if (size % 4 !== 0) reader.refuse(field, "It must be a multiple of 4.");
}

function plural(known: object): "is" | "are" {
  return Object.keys(known).length === 1 ? "is" : "are";
}
