// Phi-3 and Phi-4-mini without long-context scaling: Llama with one projection for query, key and value, one for gate and
// up, and in Phi-4-mini rotary positions on three quarters of each head.
// Source: transformers models/phi3 (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { activationOf, llamaLike, llamaNames, silu, withWindows } from "./llama-like";

export const phi3: ModelFamily = {
  ...llamaNames,
  layer(index) {
    const { norm, linear } = llamaNames.layer(index);
    const base = `model.layers.${index}`;
    return {
      norm,
      linear: {
        queryKeyValue: `${base}.self_attn.qkv_proj`,
        output: linear.output,
        gateUp: `${base}.mlp.gate_up_proj`,
        down: linear.down,
      },
    };
  },
  config(reader) {
    const rope = { shareField: "partial_rotary_factor" };
    const config = llamaLike(reader, "phi3", { maxPositions: 4096, normEpsilon: 1e-5, rope });
    const everywhere = config.attention.map(() => true);
    return {
      ...withWindows(config, reader.sizeOrNone("sliding_window"), everywhere),
      activation: activationOf(reader, "hidden_act", "silu", silu),
    };
  },
};
