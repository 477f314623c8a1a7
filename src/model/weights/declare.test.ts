import { describe, expect, it } from "vitest";
import type { DType } from "../../core/host-tensor";
import type { DecoderConfig } from "../decoder-config";
import { llama } from "../families/llama";
import { everyLayer, plainDecoder } from "../families/llama-like";
import { declareModel, type WeightSource } from "./declare";

const config: DecoderConfig = {
  modelType: "llama",
  hidden: 16,
  layers: 2,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  feedForward: 20,
  vocabulary: 30,
  maxPositions: 64,
  normEpsilon: 1e-5,
  ...plainDecoder,
  ropes: [{ theta: 10000, scaling: { type: "default" }, rotated: 8, interleaved: false }],
  attention: everyLayer(2, { scale: 1 / Math.sqrt(8), rope: 0 }),
  tiedHead: true,
};

type Header = { readonly dtype: DType; readonly shape: readonly number[] };

/** Headers of a checkpoint that fits `config`, with `changes` (undefined takes a tensor away). */
function source(changes: Record<string, Header | undefined> = {}): WeightSource {
  const headers = new Map<string, Header>();
  const add = (name: string, ...shape: number[]): void => void headers.set(name, { dtype: "BF16", shape });
  add("model.embed_tokens.weight", 30, 16);
  add("model.norm.weight", 16);
  for (let i = 0; i < config.layers; i++) {
    const layer = `model.layers.${i}`;
    add(`${layer}.input_layernorm.weight`, 16);
    add(`${layer}.post_attention_layernorm.weight`, 16);
    add(`${layer}.self_attn.q_proj.weight`, 32, 16);
    add(`${layer}.self_attn.k_proj.weight`, 16, 16);
    add(`${layer}.self_attn.v_proj.weight`, 16, 16);
    add(`${layer}.self_attn.o_proj.weight`, 16, 32);
    add(`${layer}.mlp.gate_proj.weight`, 20, 16);
    add(`${layer}.mlp.up_proj.weight`, 20, 16);
    add(`${layer}.mlp.down_proj.weight`, 16, 20);
  }
  for (const [name, header] of Object.entries(changes)) {
    if (header) headers.set(name, header);
    else headers.delete(name);
  }
  const read = () => Promise.reject(new Error("no weight is read when a model is declared"));
  return { name: "tiny", tensors: headers, read };
}

const refusal = (weights: WeightSource, changed: Partial<DecoderConfig> = {}): Error => {
  try {
    declareModel(llama, { ...config, ...changed }, weights, 8);
  } catch (error) {
    return error as Error;
  }
  throw new Error("it was declared");
};

describe("declaring a model", () => {
  it("plans every tensor of the checkpoint without reading one", () => {
    const weights = source();
    const model = declareModel(llama, config, weights, 8);
    expect(new Set(model.loads.map((load) => load.source))).toEqual(new Set(weights.tensors.keys()));
    expect(model.decoder.head.weight).toBe(model.decoder.embedding);
    expect(model.decoder.ropeTables[0]!.bytes).toBe(8 * 4 * 2 * 4);
    expect(model.modulePath.size).toBe(14);
  });

  it("counts the parameters, not what else lies in the checkpoint", () => {
    const mask: Header = { dtype: "U8", shape: [1, 1, 64, 64] };
    const { parameters } = declareModel(llama, config, source({ "model.layers.0.attention.bias": mask }), 8);
    const layer = 16 * (32 + 16 + 16 + 32) + 3 * 16 * 20 + 2 * 16;
    expect(parameters).toBe(30 * 16 + 16 + 2 * layer);
  });

  it("takes the head from the checkpoint where it is not tied", () => {
    const head = { "lm_head.weight": { dtype: "F16", shape: [30, 16] } } as const;
    const model = declareModel(llama, { ...config, tiedHead: false }, source(head), 8);
    expect(model.decoder.head.weight).not.toBe(model.decoder.embedding);
    expect(model.decoder.head.weight.format).toBe("f16");
    expect(model.decoder.embedding.format).toBe("bf16");
  });

  it("takes biases where the config says so", () => {
    const biases = Object.fromEntries(
      [0, 1].flatMap((i) =>
        (["q", "k", "v", "o"] as const).map((name): [string, Header] => [
          `model.layers.${i}.self_attn.${name}_proj.bias`,
          { dtype: "F32", shape: [{ q: 32, k: 16, v: 16, o: 16 }[name]] },
        ]),
      ),
    );
    const model = declareModel(
      llama,
      { ...config, queryKeyValueBias: true, outputBias: true },
      source(biases),
      8,
    );
    expect(model.decoder.layers[1]!.linear.query!.bias).toBeDefined();
    expect(model.decoder.layers[1]!.linear.gate!.bias).toBeUndefined();
    expect(refusal(source(), { queryKeyValueBias: true, outputBias: true }).message).toContain(
      "model.layers.0.self_attn.q_proj.bias is missing",
    );
  });

  it.each(["model.norm.weight", "model.layers.1.mlp.down_proj.weight", "model.embed_tokens.weight"])(
    "names the tensor that is missing: %s",
    (name) => {
      const error = refusal(source({ [name]: undefined }));
      expect(error.name).toBe("bad-model-file");
      expect(error.message).toBe(`tiny: tensor ${name} is missing.`);
    },
  );

  it.each([
    ["model.layers.0.self_attn.k_proj.weight", [32, 16], "32×16", "16×16"],
    ["model.layers.1.self_attn.o_proj.weight", [32, 16], "32×16", "16×32"],
    ["model.layers.1.mlp.gate_proj.weight", [320], "320", "20×16"],
    ["model.norm.weight", [16, 1], "16×1", "16"],
  ])("names the shape that %s should have", (name, shape, got, need) => {
    const error = refusal(source({ [name]: { dtype: "BF16", shape } }));
    expect(error.name).toBe("bad-model-file");
    expect(error.message).toBe(`tiny: tensor ${name} is ${got}; config.json says ${need}.`);
  });

  it.each(["F64", "I8", "F8_E4M3", "U8"] as const)("refuses weights of dtype %s", (dtype) => {
    const name = "model.layers.0.mlp.up_proj.weight";
    const error = refusal(source({ [name]: { dtype, shape: [20, 16] } }));
    expect(error.name).toBe("unsupported-model");
    expect(error.message).toBe(`tiny: tensor ${name} is ${dtype}; supported are F32, BF16 and F16.`);
  });

  it("finds tensors whose names lack the first part of every path", () => {
    const full = source();
    const short = new Map([...full.tensors].map(([name, header]) => [name.replace(/^model\./, ""), header]));
    const model = declareModel(llama, config, { ...full, tensors: short }, 8);
    const path = "model.layers.1.self_attn.q_proj";
    expect([...model.modulePath.values()]).toContain(path); // what PEFT calls it
    expect(model.weightNames.get(path)).toBe("layers.1.self_attn.q_proj.weight");
    expect(model.loads.map((load) => load.source)).toContain("norm.weight");
  });

  it("takes weights that are stored the other way round", () => {
    const full = source();
    const turned = new Map(
      [...full.tensors].map(([name, { dtype, shape }]) => [
        name,
        { dtype, shape: name.includes("_proj") ? [...shape].reverse() : shape },
      ]),
    );
    const transposed = { ...config, transposedWeights: true };
    const model = declareModel(llama, transposed, { ...full, tensors: turned }, 8);
    const { weight } = model.decoder.layers[0]!.linear.query!;
    expect([weight.rows, weight.cols]).toEqual([32, 16]);
    expect(refusal(full, { transposedWeights: true }).message).toContain(
      "q_proj.weight is 32×16; config.json says 16×32",
    );
  });

  it("refuses a layer larger than one binding before any weight is read", () => {
    const large: Record<string, Header> = {};
    for (const layer of [0, 1]) {
      for (const name of ["gate", "up"])
        large[`model.layers.${layer}.mlp.${name}_proj.weight`] = { dtype: "F32", shape: [2_400_000, 16] };
      large[`model.layers.${layer}.mlp.down_proj.weight`] = { dtype: "F32", shape: [16, 2_400_000] };
    }
    const error = refusal(source(large), { feedForward: 2_400_000 });
    expect(error.name).toBe("unsupported-model");
    expect(error.message).toBe(
      "tiny: layer model.layers.0.mlp.gate_proj has 154 MB of weights; up to 134 MB are supported. Choose a smaller model or the same model in bf16.",
    );
  });
});
