import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readConfig } from "./families/config-reader";
import { llama } from "./families/llama";
import { ropeFrequencies, ropeTables } from "./rope-frequencies";

interface RopeGolden {
  readonly name: string;
  readonly headDim: number;
  readonly maxPositionEmbeddings: number;
  readonly ropeTheta: number;
  readonly ropeScaling: object | null;
  /** (D/2) */
  readonly inverseFrequencies: readonly number[];
  /** cos and sin of some positions, each (D/2) */
  readonly table: readonly {
    readonly position: number;
    readonly cos: readonly number[];
    readonly sin: readonly number[];
  }[];
}

const { cases } = JSON.parse(readFileSync("e2e/golden/parts/rope-llama3.json", "utf8")) as {
  cases: RopeGolden[];
};

/** Distance of neighbouring f32 numbers near 1. */
const UNIT = 2 ** -23;

describe("rotary tables", () => {
  it.each(cases)("of $name have transformers' frequencies, cosines and sines", (golden) => {
    const { theta, scaling } = configOf(golden).ropes[0]!;
    const headSize = golden.headDim;
    const frequencies = ropeFrequencies({ theta, headSize, scaling, precision: "float32" });
    golden.inverseFrequencies.forEach((want, i) => {
      // PyTorch's pow is not correctly rounded: one unit in the last place is the difference that is left.
      expect(Math.abs(frequencies[i]! / Math.fround(want) - 1), `frequency ${i}`).toBeLessThanOrEqual(UNIT);
    });

    // The tables from PyTorch's own frequencies, so that the far positions are compared to the last digit as well.
    const wanted = Float64Array.from(golden.inverseFrequencies, Math.fround);
    for (const { position, cos, sin } of golden.table.filter(({ position }) => position <= 4095)) {
      const table = ropeTables({ frequencies: wanted, positions: position + 1, precision: "float32" });
      const row = position * (headSize / 2);
      cos.forEach((want, i) => {
        expect(Math.abs(table.cos[row + i]! - want), `cos ${position}, ${i}`).toBeLessThanOrEqual(UNIT);
        expect(Math.abs(table.sin[row + i]! - sin[i]!), `sin ${position}, ${i}`).toBeLessThanOrEqual(UNIT);
      });
    }
  });
});

/** By way of config.json, as a checkpoint says it. */
function configOf(golden: RopeGolden) {
  const json = {
    hidden_size: golden.headDim,
    num_attention_heads: 1,
    intermediate_size: 4,
    num_hidden_layers: 1,
    vocab_size: 8,
    head_dim: golden.headDim,
    max_position_embeddings: golden.maxPositionEmbeddings,
    rope_theta: golden.ropeTheta,
    rope_scaling: golden.ropeScaling,
  };
  return llama.config(readConfig(json, "config.json"));
}
