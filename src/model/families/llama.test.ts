import { describe, expect, it } from "vitest";
import { familyOf } from "./index";

/** The fields that every published Llama has; Llama 3.2 1B's figures. */
const published = {
  model_type: "llama",
  hidden_size: 2048,
  intermediate_size: 8192,
  num_attention_heads: 32,
  num_key_value_heads: 8,
  num_hidden_layers: 16,
  vocab_size: 128256,
  max_position_embeddings: 131072,
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
  rope_theta: 500000,
};
const llama3 = {
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};
const scaled = {
  type: "llama3",
  factor: 32,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalPositions: 8192,
};

const read = (json: object) => familyOf(JSON.stringify(json), "tiny/config.json").config;
const without = (...fields: string[]): object =>
  Object.fromEntries(Object.entries(published).filter(([field]) => !fields.includes(field)));

describe("a llama config.json", () => {
  it("gives the knobs of the decoder", () => {
    expect(read(published)).toEqual({
      modelType: "llama",
      hidden: 2048,
      layers: 16,
      heads: 32,
      kvHeads: 8,
      headSize: 64,
      feedForward: 8192,
      vocabulary: 128256,
      maxPositions: 131072,
      normEpsilon: 1e-5,
      norm: "rms",
      parallelResidual: false,
      activation: "silu",
      fusedHeads: "blocks",
      ropes: [{ theta: 500000, scaling: { type: "default" }, rotated: 64, interleaved: false }],
      attention: Array.from({ length: 16 }, () => ({ scale: 1 / 8, rope: 0 })),
      queryKeyValueBias: false,
      outputBias: false,
      mlpBias: false,
      embeddingScale: 1,
      tiedHead: true,
      headBias: false,
      transposedWeights: false,
    });
  });

  it("may leave out what transformers has defaults for", () => {
    const config = read(
      without(
        "num_key_value_heads",
        "max_position_embeddings",
        "rms_norm_eps",
        "tie_word_embeddings",
        "rope_theta",
      ),
    );
    expect(config).toMatchObject({
      kvHeads: 32,
      headSize: 64,
      maxPositions: 2048,
      normEpsilon: 1e-6,
      tiedHead: false,
      ropes: [{ theta: 10000 }],
    });
  });

  it("may say null where a field is left out", () => {
    const config = read({ ...published, head_dim: null, rope_scaling: null, num_key_value_heads: null });
    expect(config).toMatchObject({ headSize: 64, kvHeads: 32, ropes: [{ scaling: { type: "default" } }] });
  });

  it("may have a head size of its own", () => {
    expect(read({ ...published, head_dim: 128 }).headSize).toBe(128);
  });

  it("may have biases", () => {
    const config = read({ ...published, attention_bias: true, mlp_bias: true });
    expect([config.queryKeyValueBias, config.outputBias, config.mlpBias]).toEqual([true, true, true]);
  });

  it("may spell the RoPE settings as transformers 4 or as transformers 5", () => {
    const older = read({ ...published, rope_scaling: { rope_type: "llama3", ...llama3 } });
    const oldest = read({ ...published, rope_scaling: { type: "llama3", ...llama3 } });
    const newer = read({
      ...without("rope_theta"),
      rope_parameters: { rope_type: "llama3", rope_theta: 500000, ...llama3 },
    });
    for (const { ropes } of [older, oldest, newer]) {
      expect(ropes).toEqual([{ theta: 500000, scaling: scaled, rotated: 64, interleaved: false }]);
    }
    const plain = read({
      ...without("rope_theta"),
      rope_parameters: { rope_type: "default", rope_theta: 1e6 },
    });
    expect(plain).toMatchObject({ ropes: [{ theta: 1e6, scaling: { type: "default" } }] });
    const stretched = read({ ...published, rope_scaling: { type: "linear", factor: 4 } });
    expect(stretched).toMatchObject({ ropes: [{ theta: 500000, scaling: { type: "linear", factor: 4 } }] });
  });
});

describe("a config.json that can't be used", () => {
  const refusal = (json: object): Error => {
    try {
      read(json);
    } catch (error) {
      return error as Error;
    }
    throw new Error("it was read");
  };

  it.each(["hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "vocab_size"])(
    "is refused with file and field when %s is missing or no positive whole number",
    (field) => {
      const missing = refusal(without(field));
      expect(missing.name).toBe("bad-model-file");
      expect(missing.message).toBe(
        `tiny/config.json: ${field} is missing; expected a positive whole number.`,
      );
      for (const value of [0, -4, 2.5, "64", true, []]) {
        expect(refusal({ ...published, [field]: value }).message).toContain(
          `tiny/config.json: ${field} is ${JSON.stringify(value)}; expected a positive whole number`,
        );
      }
    },
  );

  it("is refused when it is no JSON object", () => {
    expect(() => familyOf("{", "tiny/config.json")).toThrow(/tiny\/config\.json: no valid JSON/);
    expect(() => familyOf("[]", "tiny/config.json")).toThrow(/tiny\/config\.json: it must be a JSON object/);
  });

  it.each([
    ["model_type", { model_type: "mamba" }, /model_type is "mamba"\. Supported are: .*llama.*SmolLM2/],
    ["model_type", { model_type: "qwen3_moe" }, /one of them is Qwen\/Qwen3-0\.6B/],
    ["hidden_act", { hidden_act: "gelu" }, /hidden_act is "gelu"\. Only silu/],
    ["num_key_value_heads", { num_key_value_heads: 7 }, /num_key_value_heads is 7\. It must divide .*32/],
    ["head_dim", { head_dim: 66 }, /head_dim is 66\. .*must be a multiple of 4/],
    ["head_dim", { head_dim: 512 }, /head_dim is 512\. .*up to 256/],
    ["hidden_size", { hidden_size: 2050, head_dim: 64 }, /hidden_size is 2050\. It must be a multiple of 4/],
    ["intermediate_size", { intermediate_size: 8190 }, /intermediate_size is 8190\. It must be a multiple/],
    ["rope_scaling", { rope_scaling: { type: "yarn", factor: 4 } }, /rope_scaling\.type is "yarn"\. Only/],
    [
      "rope_parameters",
      { rope_parameters: { rope_type: "longrope" } },
      /rope_parameters\.rope_type is "longrope"\. Only/,
    ],
    ["quantization_config", { quantization_config: { bits: 4 } }, /quantization_config is .*Quantised/],
  ])("is refused as unsupported for its %s %j", (_, change, message) => {
    const error = refusal({ ...published, ...change });
    expect(error.name).toBe("unsupported-model");
    expect(error.message).toMatch(/^tiny\/config\.json: /);
    expect(error.message).toMatch(message);
  });

  it.each([
    [{ rope_theta: -1 }, /rope_theta is -1; expected a positive number/],
    [{ rms_norm_eps: "small" }, /rms_norm_eps is "small"; expected a positive number/],
    [{ tie_word_embeddings: 1 }, /tie_word_embeddings is 1; expected true or false/],
    [{ rope_scaling: "llama3" }, /rope_scaling.*must be a JSON object/],
    [
      { rope_scaling: { rope_type: "llama3", ...llama3, factor: undefined } },
      /rope_scaling\.factor is missing; expected a positive number/,
    ],
  ])("is refused for a wrong value: %j", (change, message) => {
    const error = refusal({ ...published, ...change });
    expect(error.name).toBe("bad-model-file");
    expect(error.message).toMatch(message);
  });
});
