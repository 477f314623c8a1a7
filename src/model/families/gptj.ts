// GPT-J: rotary positions of neighbouring elements on a part of each head, attention and MLP side by side behind one
// LayerNorm, and a head with a bias.
// Source: transformers models/gptj (Apache-2.0): field names and defaults.

import type { ConfigReader } from "./config-reader";
import type { ModelFamily } from "./family";
import { gptConfig } from "./gpt-fields";
import { everyLayer } from "./llama-like";

export const gptj: ModelFamily = {
  embedding: "transformer.wte",
  finalNorm: "transformer.ln_f",
  head: "lm_head",
  layer(index) {
    const base = `transformer.h.${index}`;
    return {
      norm: { input: `${base}.ln_1` },
      linear: {
        query: `${base}.attn.q_proj`,
        key: `${base}.attn.k_proj`,
        value: `${base}.attn.v_proj`,
        output: `${base}.attn.out_proj`,
        up: `${base}.mlp.fc_in`,
        down: `${base}.mlp.fc_out`,
      },
    };
  },
  config(reader) {
    const config = gptConfig(reader, 2048);
    const rotated = rotaryOf(reader, config.headSize);
    return {
      ...config,
      modelType: "gptj",
      parallelResidual: true,
      ropes: [{ theta: 10_000, scaling: { type: "default" }, rotated, interleaved: true }],
      attention: everyLayer(config.layers, { scale: 1 / Math.sqrt(config.headSize), rope: 0 }),
      tiedHead: reader.flag("tie_word_embeddings", false),
      headBias: true,
    };
  },
};

function rotaryOf(reader: ConfigReader, headSize: number): number {
  const rotated = reader.size("rotary_dim", 64);
  if (rotated % 2 !== 0 || rotated > headSize)
    reader.refuse("rotary_dim", `It must be an even number of each head's ${headSize} elements.`);
  return rotated;
}
