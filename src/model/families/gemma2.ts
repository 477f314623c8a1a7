// Gemma 2: soft caps on scores and logits, norms around attention and MLP, a sliding window on every other layer.
// Source: transformers models/gemma2 (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { gemmaLike, sandwiched, withQueryScale } from "./gemma-like";
import { llamaNames, slidingLayers, withWindows } from "./llama-like";

export const gemma2: ModelFamily = {
  ...llamaNames,
  layer: sandwiched,
  config(reader) {
    const config = gemmaLike(reader, "gemma2", { maxPositions: 8192, kvHeads: 4 });
    const slides = slidingLayers(reader, config.layers, (index) => index % 2 === 0);
    return {
      ...withQueryScale(reader, withWindows(config, reader.sizeOrNone("sliding_window", 4096), slides)),
      scoreCap: reader.positiveOrNone("attn_logit_softcapping", 50),
      logitCap: reader.positiveOrNone("final_logit_softcapping", 30),
    };
  },
};
