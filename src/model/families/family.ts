// What a model family tells the decoder: its knobs and the names of its tensors. A family is a mapping, not code that
// runs on the GPU. A layer has the modules that its family names, and no others.

import type { DecoderConfig } from "../decoder-config";
import type { ConfigReader } from "./config-reader";

/** Linear layers in the order of the forward pass. Fused ones stand for the three, or two, that they make at once. */
export const linearSlots = [
  "queryKeyValue",
  "query",
  "key",
  "value",
  "output",
  "gateUp",
  "gate",
  "up",
  "down",
] as const;
export type LinearSlot = (typeof linearSlots)[number];

/** `afterAttention` and `afterMlp` norm what goes onto the residual; without `beforeMlp` the MLP reads `input`'s norm. */
export const normSlots = ["input", "query", "key", "afterAttention", "beforeMlp", "afterMlp"] as const;
export type NormSlot = (typeof normSlots)[number];

export type PerLinear<T> = Readonly<Partial<Record<LinearSlot, T>> & Record<"output" | "down", T>>;
export type PerNorm<T> = Readonly<Partial<Record<NormSlot, T>> & Record<"input", T>>;

/** Module paths as in the checkpoint; `.weight` and `.bias` follow. */
export interface LayerModules {
  readonly linear: PerLinear<string>;
  readonly norm: PerNorm<string>;
}

export interface ModelFamily {
  readonly embedding: string;
  /** Table of learned positions. */
  readonly positions?: string;
  readonly finalNorm: string;
  readonly head: string;
  layer(index: number): LayerModules;
  config(reader: ConfigReader): DecoderConfig;
}
