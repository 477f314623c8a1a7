import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { LoraConfig } from "../core/run-config";
import { openDecoder } from "../engine/open-decoder";
import { folderSource } from "../headless/folder-source";
import { layOutParameters } from "../program/parameters";
import { initialMatrices, loraScale, matricesOf, withLora, withoutDropout, type LoraModule } from "./lora";

interface LoraInitGolden {
  readonly rank: number;
  readonly inputs: number;
  readonly bound: number;
  readonly standardDeviation: number;
  readonly secondFactorIsZero: boolean;
  readonly sample: { readonly count: number; readonly largest: number; readonly standardDeviation: number };
}

const { cases } = JSON.parse(readFileSync("e2e/golden/parts/lora-init.json", "utf8")) as {
  cases: LoraInitGolden[];
};
const config: LoraConfig = { rank: 8, alpha: 16, dropout: 0, targetModules: "all-linear", rsLora: false };

/** A module (outputs, inputs) with no model around it. */
function moduleOf(rank: number, inputs: number, outputs: number): LoraModule {
  const padded = Math.ceil(rank / 4) * 4;
  const [a, b] = layOutParameters([
    { name: "a", rows: padded, cols: inputs },
    { name: "b", rows: outputs, cols: padded },
  ]).list;
  return { path: "layer", a: a!, b: b! };
}

describe("a new adapter", () => {
  it.each(cases)("of rank $rank over $inputs inputs follows peft's law", (golden) => {
    const { rank, inputs, bound, standardDeviation } = golden;
    const module = moduleOf(rank, inputs, 24);
    // As many numbers as peft drew.
    const draws = Array.from({ length: golden.sample.count / (rank * inputs) }, (_, seed) =>
      initialMatrices(module, { ...config, rank }, seed, 0),
    );
    const values = draws.flatMap(({ a }) => [...a]);
    expect(values.length).toBe(golden.sample.count);
    const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    expect(largest).toBeLessThanOrEqual(Math.fround(bound));
    // P(all draws stay below 1 − 12/n of the bound) = e⁻¹².
    expect(largest).toBeGreaterThan(bound * (1 - 12 / values.length));

    // Five standard errors of the mean and of the spread of a uniform law.
    const count = values.length;
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    expect(Math.abs(mean)).toBeLessThan((5 * standardDeviation) / Math.sqrt(count));
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    const spread = Math.sqrt(variance) / standardDeviation;
    expect(Math.abs(spread - 1)).toBeLessThan((5 * Math.sqrt(0.2)) / Math.sqrt(count));

    expect(golden.secondFactorIsZero).toBe(true);
    for (const { b } of draws) {
      expect(b.length).toBe(24 * rank);
      expect(b.every((value) => value === 0)).toBe(true);
    }
  });

  it("is the same for the same seed and another for another seed or module", () => {
    const module = moduleOf(8, 48, 16);
    const of = (seed: number, index: number) => initialMatrices(module, config, seed, index).a;
    expect(of(7, 3)).toEqual(of(7, 3));
    const sets = [of(7, 3), of(8, 3), of(7, 4)];
    for (const [i, one] of sets.entries()) {
      for (const other of sets.slice(i + 1)) {
        const equal = one.filter((value, at) => value === other[at]).length;
        expect(equal).toBeLessThan(one.length / 20);
      }
    }
  });
});

describe("LoRA branches", () => {
  it("are scaled by alpha / rank, with rsLoRA by alpha / √rank", () => {
    expect(loraScale({ rank: 16, alpha: 32, rsLora: false })).toBe(2);
    expect(loraScale({ rank: 16, alpha: 32, rsLora: true })).toBe(8);
  });

  it("stand on every linear layer but the head, or on the named ones", async () => {
    const model = (await openDecoder(folderSource("e2e/golden/llama-grouped"))).declare(8);
    const paths = (targetModules: LoraConfig["targetModules"]): string[] =>
      withLora(model, { ...config, targetModules }, 0).modules.map(({ path }) => path);
    expect(paths("all-linear")).toHaveLength(14);
    expect(paths("all-linear").some((path) => path.includes("lm_head"))).toBe(false);
    expect(paths(["q_proj", "v_proj"])).toEqual(
      [0, 1].flatMap((layer) =>
        ["q_proj", "v_proj"].map((name) => `model.layers.${layer}.self_attn.${name}`),
      ),
    );
    expect(paths(["model.layers.1.mlp.up_proj"])).toEqual(["model.layers.1.mlp.up_proj"]);
    // The end of a name is no name: "proj" must not match "q_proj".
    expect(() => paths(["proj"])).toThrow(/lora\.targetModules.*proj/);
    expect(() => paths(["q_proj", "wrong_proj"])).toThrow(/no layer is called wrong_proj.*q_proj/);
  });

  it("stand on fused layers as PEFT has it, one branch on the whole projection", async () => {
    const adapted = async (folder: string, targetModules: LoraConfig["targetModules"]) => {
      const model = (await openDecoder(folderSource(`e2e/golden/${folder}`))).declare(8);
      const { modules } = withLora(model, { ...config, rank: 4, targetModules }, 0);
      return modules
        .filter(({ path }) => path.includes(".0."))
        .map(({ path, a, b }) => [path.split(".").slice(-2).join("."), a.cols, b.rows]);
    };
    expect(await adapted("phi3-grouped", "all-linear")).toEqual([
      ["self_attn.qkv_proj", 32, (4 + 2 + 2) * 8],
      ["self_attn.o_proj", 32, 32],
      ["mlp.gate_up_proj", 32, 2 * 44],
      ["mlp.down_proj", 44, 32],
    ]);
    // Two layers of GPT-2 share the end of their names; inputs and outputs are those of the layer, not of its storage.
    expect(await adapted("gpt2-tied", ["c_proj", "c_fc"])).toEqual([
      ["attn.c_proj", 32, 32],
      ["mlp.c_fc", 32, 64],
      ["mlp.c_proj", 64, 32],
    ]);
    expect(await adapted("gpt_neox-parallel", ["query_key_value"])).toEqual([
      ["attention.query_key_value", 32, 96],
    ]);
  });

  it("lose their dropout, and nothing else, for evaluation", async () => {
    const model = (await openDecoder(folderSource("e2e/golden/llama-grouped"))).declare(8);
    const { decoder } = withLora(model, { ...config, dropout: 0.5 }, 0);
    const evaluated = withoutDropout(decoder);
    const before = decoder.layers[0]!.linear.query!.lora!;
    const after = evaluated.layers[0]!.linear.query!.lora!;
    expect(before.dropout?.rate).toBe(0.5);
    expect(after.dropout).toBeUndefined();
    expect([after.a, after.b, after.scale]).toEqual([before.a, before.b, before.scale]);
  });

  it("give back a rank that the GPU's rows pad", () => {
    const rank = 3;
    const module = moduleOf(rank, 5 * 4, 2);
    const flat = new Float32Array(4 * 20 + 2 * 4 + 1000);
    const begin = { a: module.a.offset / 4, b: module.b.offset / 4 };
    for (let i = 0; i < rank * 20; i++) flat[begin.a + i] = i + 1;
    flat.set([1, 2, 3, 99, 4, 5, 6, 99], begin.b);
    const { a, b } = matricesOf(flat, module, rank);
    expect([...a]).toEqual(Array.from({ length: 60 }, (_, i) => i + 1));
    expect([...b]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
