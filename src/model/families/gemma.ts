// Gemma: the first generation, 2B and 7B.
// Source: transformers models/gemma (Apache-2.0): field names and defaults.

import type { ModelFamily } from "./family";
import { gemmaLike } from "./gemma-like";
import { llamaNames } from "./llama-like";

export const gemma: ModelFamily = {
  ...llamaNames,
  config: (reader) => gemmaLike(reader, "gemma", { maxPositions: 8192 }),
};
