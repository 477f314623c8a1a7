// What a model family tells the decoder: its knobs and the names of its tensors. A family is a mapping, not code that
// runs on the GPU.

import type { DecoderConfig } from "../decoder-config";
import type { ConfigReader } from "./config-reader";

export type LinearSlot = "query" | "key" | "value" | "output" | "gate" | "up" | "down";
export const linearSlots: readonly LinearSlot[] = ["query", "key", "value", "output", "gate", "up", "down"];

/** Module paths as in the checkpoint; `.weight` and `.bias` follow. */
export interface LayerModules {
  readonly linear: Readonly<Record<LinearSlot, string>>;
  readonly inputNorm: string;
  readonly mlpNorm: string;
}

export interface ModelFamily {
  readonly embedding: string;
  readonly finalNorm: string;
  readonly head: string;
  layer(index: number): LayerModules;
  config(reader: ConfigReader): DecoderConfig;
}
