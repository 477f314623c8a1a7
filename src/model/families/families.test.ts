import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { DecoderConfig } from "../decoder-config";
import { families, familyOf } from ".";

const without = (json: object, ...fields: string[]): object =>
  Object.fromEntries(Object.entries(json).filter(([field]) => !fields.includes(field)));
const read = (json: object): DecoderConfig => familyOf(JSON.stringify(json), "tiny/config.json").config;

/** Windows of the layers; 0 where a layer sees everything. */
const windows = ({ attention }: DecoderConfig): number[] => attention.map(({ window = 0 }) => window);
/** Tables that the layers rotate by; -1 where they have no positions. */
const ropesUsed = ({ attention }: DecoderConfig): number[] => attention.map(({ rope = -1 }) => rope);

/** Sizes small enough to read, with the fields and spellings that repositories of each family have. */
const published = {
  llama: {
    model_type: "llama",
    hidden_size: 64,
    num_attention_heads: 4,
    num_hidden_layers: 2,
    intermediate_size: 128,
    vocab_size: 100,
  },
  qwen2: {
    model_type: "qwen2",
    hidden_act: "silu",
    hidden_size: 896,
    intermediate_size: 4864,
    max_position_embeddings: 32768,
    max_window_layers: 2,
    num_attention_heads: 14,
    num_hidden_layers: 4,
    num_key_value_heads: 2,
    rms_norm_eps: 1e-6,
    rope_theta: 1000000.0,
    sliding_window: 32768,
    tie_word_embeddings: true,
    use_sliding_window: false,
    vocab_size: 151936,
  },
  mistral: {
    model_type: "mistral",
    hidden_act: "silu",
    hidden_size: 4096,
    intermediate_size: 14336,
    max_position_embeddings: 32768,
    num_attention_heads: 32,
    num_hidden_layers: 2,
    num_key_value_heads: 8,
    rms_norm_eps: 1e-5,
    rope_theta: 10000.0,
    sliding_window: 4096,
    tie_word_embeddings: false,
    vocab_size: 32000,
  },
  qwen3: {
    model_type: "qwen3",
    attention_bias: false,
    head_dim: 128,
    hidden_act: "silu",
    hidden_size: 1024,
    intermediate_size: 3072,
    max_position_embeddings: 40960,
    max_window_layers: 28,
    num_attention_heads: 16,
    num_hidden_layers: 2,
    num_key_value_heads: 8,
    rms_norm_eps: 1e-6,
    rope_scaling: null,
    rope_theta: 1000000,
    sliding_window: null,
    tie_word_embeddings: true,
    use_sliding_window: false,
    vocab_size: 151936,
  },
  gemma3_text: {
    model_type: "gemma3_text",
    attn_logit_softcapping: null,
    final_logit_softcapping: null,
    head_dim: 256,
    hidden_activation: "gelu_pytorch_tanh",
    hidden_size: 640,
    intermediate_size: 2048,
    max_position_embeddings: 32768,
    num_attention_heads: 4,
    num_hidden_layers: 7,
    num_key_value_heads: 1,
    query_pre_attn_scalar: 256,
    rms_norm_eps: 1e-6,
    rope_local_base_freq: 10000.0,
    rope_scaling: null,
    rope_theta: 1000000.0,
    sliding_window: 512,
    use_bidirectional_attention: false,
    vocab_size: 262144,
  },
  gemma: {
    model_type: "gemma",
    head_dim: 256,
    hidden_act: "gelu",
    hidden_size: 2048,
    intermediate_size: 16384,
    max_position_embeddings: 8192,
    num_attention_heads: 8,
    num_hidden_layers: 2,
    num_key_value_heads: 1,
    rms_norm_eps: 1e-6,
    rope_theta: 10000.0,
    vocab_size: 256000,
  },
  gemma2: {
    model_type: "gemma2",
    attn_logit_softcapping: 50.0,
    final_logit_softcapping: 30.0,
    head_dim: 256,
    hidden_act: "gelu_pytorch_tanh",
    hidden_activation: "gelu_pytorch_tanh",
    hidden_size: 2304,
    intermediate_size: 9216,
    max_position_embeddings: 8192,
    num_attention_heads: 8,
    num_hidden_layers: 3,
    num_key_value_heads: 4,
    query_pre_attn_scalar: 224,
    rms_norm_eps: 1e-6,
    rope_theta: 10000.0,
    sliding_window: 4096,
    vocab_size: 256000,
  },
  gpt_neox: {
    model_type: "gpt_neox",
    hidden_act: "gelu",
    hidden_size: 768,
    intermediate_size: 3072,
    layer_norm_eps: 1e-5,
    max_position_embeddings: 2048,
    num_attention_heads: 12,
    num_hidden_layers: 2,
    rotary_emb_base: 10000,
    rotary_pct: 0.25,
    tie_word_embeddings: false,
    use_parallel_residual: true,
    vocab_size: 50304,
  },
  gpt2: {
    model_type: "gpt2",
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    n_ctx: 1024,
    n_embd: 768,
    n_head: 12,
    n_layer: 3,
    n_positions: 1024,
    vocab_size: 50257,
  },
  smollm3: {
    model_type: "smollm3",
    attention_bias: false,
    hidden_act: "silu",
    hidden_size: 2048,
    intermediate_size: 11008,
    max_position_embeddings: 65536,
    mlp_bias: false,
    no_rope_layer_interval: 4,
    no_rope_layers: [1, 1, 1, 0, 1],
    num_attention_heads: 16,
    num_hidden_layers: 5,
    num_key_value_heads: 4,
    rms_norm_eps: 1e-6,
    rope_scaling: null,
    rope_theta: 5000000.0,
    sliding_window: null,
    use_sliding_window: false,
    vocab_size: 128256,
  },
  phi3: {
    model_type: "phi3",
    hidden_act: "silu",
    hidden_size: 3072,
    intermediate_size: 8192,
    max_position_embeddings: 4096,
    num_attention_heads: 32,
    num_hidden_layers: 2,
    num_key_value_heads: 32,
    original_max_position_embeddings: 4096,
    rms_norm_eps: 1e-5,
    rope_scaling: null,
    rope_theta: 10000.0,
    sliding_window: 2047,
    tie_word_embeddings: false,
    vocab_size: 32064,
  },
  gptj: {
    model_type: "gptj",
    activation_function: "gelu_new",
    layer_norm_epsilon: 1e-5,
    n_embd: 4096,
    n_head: 16,
    n_inner: null,
    n_layer: 2,
    n_positions: 2048,
    rotary: true,
    rotary_dim: 64,
    tie_word_embeddings: false,
    vocab_size: 50400,
  },
} satisfies Record<keyof typeof families, object>;

describe("every family", () => {
  it.each(Object.entries(published))("%s reads its config.json", (family, json) => {
    const config = read(json);
    expect(config.modelType).toBe(family);
    expect(config.attention).toHaveLength(config.layers);
    for (const { rope } of config.attention) if (rope !== undefined) expect(config.ropes[rope]).toBeDefined();
  });

  it.each(Object.entries(published))("%s refuses an activation that it does not have", (_, json) => {
    const [field] = ["hidden_activation", "activation_function", "hidden_act"].filter((name) => name in json);
    const changed = { ...json, [field ?? "hidden_act"]: "relu6" };
    expect(() => read(changed)).toThrow(/tiny\/config\.json: \w+ is "relu6"\. Only/);
  });

  it.each(Object.entries(published))("%s names what is missing", (_, json) => {
    const field = "n_embd" in json ? "n_embd" : "hidden_size";
    const changed = { ...json, [field]: undefined };
    expect(() => read(changed)).toThrow(
      `tiny/config.json: ${field} is missing; expected a positive whole number.`,
    );
  });
});

describe("a family's knobs", () => {
  it("of qwen2 are biases on query, key and value, and windows where they are turned on", () => {
    const config = read(published.qwen2);
    expect([config.queryKeyValueBias, config.outputBias, config.mlpBias]).toEqual([true, false, false]);
    expect(windows(config)).toEqual([0, 0, 0, 0]);
    expect(windows(read({ ...published.qwen2, use_sliding_window: true }))).toEqual([0, 0, 32768, 32768]);
    const layer_types = ["sliding_attention", "full_attention", "full_attention", "full_attention"];
    const listed = { ...published.qwen2, use_sliding_window: true, sliding_window: 9, layer_types };
    expect(windows(read(listed))).toEqual([9, 0, 0, 0]);
  });

  it("of mistral are a window on every layer, unless it is null", () => {
    expect(windows(read(published.mistral))).toEqual([4096, 4096]);
    expect(windows(read({ ...published.mistral, sliding_window: null }))).toEqual([0, 0]);
    // transformers' default
    expect(windows(read(without(published.mistral, "sliding_window")))).toEqual([4096, 4096]);
  });

  it("of qwen3 are norms of each head and heads of their own size", () => {
    expect(read(published.qwen3).headSize).toBe(128);
    expect(families.qwen3.layer(3).norm).toMatchObject({
      query: "model.layers.3.self_attn.q_norm",
      key: "model.layers.3.self_attn.k_norm",
    });
  });

  it("of gemma are norms about 0, the embedding's scale and a tied head", () => {
    expect(read(published.gemma)).toMatchObject({
      norm: "rms-plus-one",
      activation: "gelu-tanh", // "gelu" in the file, which the released models never meant
      embeddingScale: Math.fround(Math.sqrt(2048)),
      tiedHead: true,
      headSize: 256,
    });
  });

  it("of gemma2 are caps, its own scale and a window on every other layer", () => {
    const config = read(published.gemma2);
    expect(config).toMatchObject({ scoreCap: 50, logitCap: 30 });
    expect(config.attention.map(({ scale }) => scale)).toEqual(Array(3).fill(1 / Math.sqrt(224)));
    expect(windows(config)).toEqual([4096, 0, 4096]);
    const off = read({
      ...published.gemma2,
      attn_logit_softcapping: null,
      final_logit_softcapping: null,
    });
    expect([off.scoreCap, off.logitCap]).toEqual([undefined, undefined]);
    expect(read(without(published.gemma2, "attn_logit_softcapping")).scoreCap).toBe(50);
  });

  it("of gemma3_text are two kinds of layers with a table each, in both spellings", () => {
    const tables = [
      { theta: 1e6, scaling: { type: "default" }, rotated: 256, interleaved: false },
      { theta: 1e4, scaling: { type: "default" }, rotated: 256, interleaved: false },
    ];
    const older = read(published.gemma3_text);
    expect(older.ropes).toEqual(tables);
    expect(windows(older)).toEqual([512, 512, 512, 512, 512, 0, 512]);
    expect(ropesUsed(older)).toEqual([1, 1, 1, 1, 1, 0, 1]);
    const newer = read({
      ...without(published.gemma3_text, "rope_theta", "rope_local_base_freq", "rope_scaling"),
      layer_types: [...Array<string>(6).fill("sliding_attention"), "full_attention"],
      rope_parameters: {
        full_attention: { rope_type: "linear", factor: 8, rope_theta: 1e6 },
        sliding_attention: { rope_type: "default", rope_theta: 1e4 },
      },
    });
    expect(newer.ropes).toEqual([{ ...tables[0], scaling: { type: "linear", factor: 8 } }, tables[1]]);
    expect(ropesUsed(newer)).toEqual([1, 1, 1, 1, 1, 1, 0]);
  });

  it("of gpt_neox are a parallel residual, fused heads and a quarter of each head rotated", () => {
    const config = read(published.gpt_neox);
    expect(config).toMatchObject({
      norm: "layer",
      parallelResidual: true,
      fusedHeads: "by-head",
      activation: "gelu",
      ropes: [{ theta: 10000, rotated: 16, interleaved: false }],
      queryKeyValueBias: true,
      outputBias: true,
      mlpBias: true,
      tiedHead: false,
    });
    const rest = without(published.gpt_neox, "rotary_pct", "rotary_emb_base");
    const newer = {
      ...rest,
      rope_parameters: { rope_type: "default", rope_theta: 5e4, partial_rotary_factor: 0.5 },
    };
    expect(read(newer).ropes).toMatchObject([{ theta: 50000, rotated: 32 }]);
    expect(read(rest).ropes).toMatchObject([{ theta: 10000, rotated: 16 }]);
  });

  it("of gpt2 are learned positions, transposed weights and scales by layer", () => {
    expect(read(published.gpt2)).toMatchObject({
      ropes: [],
      feedForward: 3072,
      transposedWeights: true,
      tiedHead: true,
      activation: "gelu-tanh",
    });
    const byLayer = read({ ...published.gpt2, scale_attn_by_inverse_layer_idx: true });
    expect(byLayer.attention.map(({ scale }) => scale)).toEqual([1 / 8, 1 / 16, 1 / 24]);
    const unscaled = read({ ...published.gpt2, scale_attn_weights: false });
    expect(unscaled.attention.map(({ scale }) => scale)).toEqual([1, 1, 1]);
  });

  it("of smollm3 are layers without positions, listed or by interval", () => {
    expect(ropesUsed(read(published.smollm3))).toEqual([0, 0, 0, -1, 0]);
    const byInterval = { ...without(published.smollm3, "no_rope_layers"), no_rope_layer_interval: 2 };
    expect(ropesUsed(read(byInterval))).toEqual([0, -1, 0, -1, 0]);
    const windowed = { ...published.smollm3, use_sliding_window: true, sliding_window: 64 };
    expect(windows(read(windowed))).toEqual([0, 0, 0, 64, 0]);
  });

  it("of phi3 are fused projections, a window and the rotated share of each head", () => {
    expect(windows(read(published.phi3))).toEqual([2047, 2047]);
    expect(read({ ...published.phi3, partial_rotary_factor: 0.75 }).ropes).toMatchObject([{ rotated: 72 }]);
    expect(families.phi3.layer(0).linear).toEqual({
      queryKeyValue: "model.layers.0.self_attn.qkv_proj",
      output: "model.layers.0.self_attn.o_proj",
      gateUp: "model.layers.0.mlp.gate_up_proj",
      down: "model.layers.0.mlp.down_proj",
    });
  });

  it("of gptj are interleaved pairs, one norm a layer and a head with a bias", () => {
    expect(read(published.gptj)).toMatchObject({
      ropes: [{ theta: 10000, rotated: 64, interleaved: true }],
      parallelResidual: true,
      headBias: true,
      queryKeyValueBias: false,
      mlpBias: true,
    });
    expect(Object.keys(families.gptj.layer(0).norm)).toEqual(["input"]);
  });
});

describe("what a family can't do", () => {
  it.each([
    ["long-context scaling", "phi3", { rope_scaling: { type: "longrope", short_factor: [1] } }, /longrope/],
    ["a bidirectional Gemma", "gemma3_text", { use_bidirectional_attention: true }, /left to right/],
    [
      "more rotated elements than a head has",
      "gptj",
      { rotary_dim: 512 },
      /rotary_dim is 512\..*256 elements/,
    ],
    ["an odd number of rotated elements", "gptj", { rotary_dim: 63 }, /rotary_dim is 63\. .*even/],
    [
      "a share that rotates an odd number",
      "gpt_neox",
      { rotary_pct: 0.05 },
      /rotary_pct is 0.05\. .*gives 3/,
    ],
    ["heads of an odd size", "gpt2", { n_head: 128 }, /n_head is 128\. Heads of 6 elements/],
    ["heads that do not divide the width", "gptj", { n_head: 15 }, /n_head is 15\. It must divide n_embd/],
    ["cross-attention", "gpt2", { add_cross_attention: true }, /add_cross_attention is true/],
  ] as const)("is refused: %s", (_, family, change, message) => {
    const refused = (): DecoderConfig => read({ ...published[family], ...change });
    expect(refused).toThrow(message);
    expect(refused).toThrow(expect.objectContaining({ name: "unsupported-model" }));
  });

  it.each([
    ["too few layer types", "gemma2", { layer_types: ["full_attention"] }, /layer_types .*each of 3 layers/],
    [
      "an unknown layer type",
      "gemma2",
      { layer_types: Array(3).fill("chunked_attention") },
      /layer_types .*"full_attention" or "sliding_attention"/,
    ],
    ["a rope flag that is none", "smollm3", { no_rope_layers: [1, 1, 1, 2, 1] }, /no_rope_layers .*0 or 1/],
    ["a window of nothing", "mistral", { sliding_window: 0 }, /sliding_window is 0; expected/],
    ["a negative cap", "gemma2", { final_logit_softcapping: -30 }, /final_logit_softcapping is -30/],
  ] as const)("is a wrong file: %s", (_, family, change, message) => {
    const refused = (): DecoderConfig => read({ ...published[family], ...change });
    expect(refused).toThrow(message);
    expect(refused).toThrow(expect.objectContaining({ name: "bad-model-file" }));
  });
});

/** Configurations of real repositories, where they are at hand; none is part of this one. */
const real = "../shared/data/tokenizers";
const realConfigs = [
  ["GPT-2", { hidden: 768, layers: 12, heads: 12, feedForward: 3072, vocabulary: 50257, tiedHead: true }],
  ["SmolLM2-1.7B-config", { hidden: 2048, layers: 24, heads: 32, kvHeads: 32, vocabulary: 49152 }],
  ["Llama-3.2-1B", { hidden: 2048, layers: 16, heads: 32, kvHeads: 8, vocabulary: 128256 }],
  ["Pythia-1B-finetune", { hidden: 2048, layers: 16, heads: 8, headSize: 256, ropes: [{ rotated: 64 }] }],
] as const;

describe.runIf(existsSync(real))("a real config.json", () => {
  it.each(realConfigs)("of %s is read", (folder, knobs) => {
    const text = readFileSync(`${real}/${folder}/config.json`, "utf8");
    const json = JSON.parse(text) as { quantization_config?: object };
    if (json.quantization_config) {
      // Some of them are of quantised copies, which are refused as a whole; without the note they are the original's.
      expect(() => familyOf(text, folder)).toThrow(/quantization_config is .*Quantised/);
      delete json.quantization_config;
    }
    expect(read(json)).toMatchObject(knobs);
  });
});
