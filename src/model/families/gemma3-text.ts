// Gemma 3, text alone (270M, 1B): norms of each head and around attention and MLP; five layers with a sliding window and
// rotary positions of their own to each one that sees everything.
// Source: transformers models/gemma3 (Apache-2.0): field names and defaults, both spellings of the RoPE settings.

import type { RopeConfig } from "../decoder-config";
import type { ConfigReader } from "./config-reader";
import type { ModelFamily } from "./family";
import { gemmaLike, sandwiched, withQueryScale } from "./gemma-like";
import { llamaNames, slidingLayers, withHeadNorms, withWindows } from "./llama-like";
import { scalingOf } from "./rope-fields";

const GLOBAL = 0;
const LOCAL = 1;

export const gemma3Text: ModelFamily = {
  ...llamaNames,
  layer: (index) => withHeadNorms(sandwiched(index), index),
  config(reader) {
    const whole = gemmaLike(reader, "gemma3_text", { maxPositions: 131_072, kvHeads: 4 });
    const every = reader.size("sliding_window_pattern", 6);
    const slides = slidingLayers(reader, whole.layers, (index) => (index + 1) % every !== 0);
    const config = withQueryScale(
      reader,
      withWindows(whole, reader.sizeOrNone("sliding_window", 4096), slides),
    );
    return {
      ...config,
      ropes: ropesOf(reader, config.headSize),
      attention: config.attention.map((layer, i) => ({ ...layer, rope: slides[i] ? LOCAL : GLOBAL })),
      scoreCap: reader.positiveOrNone("attn_logit_softcapping"),
      logitCap: reader.positiveOrNone("final_logit_softcapping"),
    };
  },
};

/** Tables in the order of GLOBAL and LOCAL. */
function ropesOf(reader: ConfigReader, headSize: number): RopeConfig[] {
  const parameters = reader.section("rope_parameters");
  const rope = (theta: number, scaling: ConfigReader | undefined): RopeConfig => ({
    theta,
    scaling: scalingOf(scaling),
    rotated: headSize,
    interleaved: false,
  });
  const full = parameters?.section("full_attention");
  const sliding = parameters?.section("sliding_attention");
  return [
    rope(
      full?.has("rope_theta") ? full.positive("rope_theta") : reader.positive("rope_theta", 1_000_000),
      full ?? reader.section("rope_scaling"),
    ),
    rope(
      sliding?.has("rope_theta")
        ? sliding.positive("rope_theta")
        : reader.positive("rope_local_base_freq", 10_000),
      sliding,
    ),
  ];
}
