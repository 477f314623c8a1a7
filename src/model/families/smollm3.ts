// SmolLM3: Llama in which every fourth layer has no positions at all.
// Source: transformers models/smollm3 (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { activationOf, llamaLike, llamaNames, silu, slidingLayers, withWindows } from "./llama-like";

export const smollm3: ModelFamily = {
  ...llamaNames,
  config(reader) {
    const config = llamaLike(reader, "smollm3", {
      maxPositions: 32_768,
      kvHeads: 4,
      tiedHead: true,
      rope: { theta: 2_000_000 },
    });
    const every = reader.size("no_rope_layer_interval", 4);
    const listed = reader.perLayer("no_rope_layers", config.layers, [0, 1]); // 1: the layer has positions
    const rotates = config.attention.map((_, i) => (listed ? listed[i] === 1 : (i + 1) % every !== 0));
    const attention = config.attention.map(({ scale }, i) => (rotates[i] ? { scale, rope: 0 } : { scale }));
    const attentionBias = reader.flag("attention_bias", false);
    const window = reader.flag("use_sliding_window", false) ? reader.sizeOrNone("sliding_window") : undefined;
    const slides = slidingLayers(reader, config.layers, (index) => !rotates[index]);
    return {
      ...withWindows({ ...config, attention }, window, slides),
      activation: activationOf(reader, "hidden_act", "silu", silu),
      queryKeyValueBias: attentionBias,
      outputBias: attentionBias,
      mlpBias: reader.flag("mlp_bias", false),
    };
  },
};
