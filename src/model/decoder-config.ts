// The knobs of the one decoder. A family maps its config.json onto them.

import type { Activation } from "../ops/activation";
import type { RopeScaling } from "./rope-frequencies";

export interface DecoderConfig {
  /** `model_type` of config.json. */
  readonly modelType: string;
  /** C */
  readonly hidden: number;
  /** L */
  readonly layers: number;
  /** H */
  readonly heads: number;
  /** G, a divisor of H */
  readonly kvHeads: number;
  /** D, a multiple of 4; not always C / H */
  readonly headSize: number;
  /** F */
  readonly feedForward: number;
  /** V */
  readonly vocabulary: number;
  /** Longest sequence the model knows positions for. */
  readonly maxPositions: number;

  /** "rms" as in Llama, "rms-plus-one" with weights about 0 as in Gemma, "layer" with mean and bias. */
  readonly norm: "rms" | "rms-plus-one" | "layer";
  readonly normEpsilon: number;
  /** Attention and MLP both read the layer's input, instead of one behind the other. */
  readonly parallelResidual: boolean;
  readonly activation: Activation;
  /** Where a projection makes query, key and value at once: one behind the other, or all three of each head. */
  readonly fusedHeads: "blocks" | "by-head";

  /** The tables of rotary positions that layers choose from; none where positions are learned. */
  readonly ropes: readonly RopeConfig[];
  /** One entry a layer. */
  readonly attention: readonly LayerAttention[];
  /** Scores s become cap·tanh(s / cap). */
  readonly scoreCap?: number | undefined;

  /** Biases on query, key and value. */
  readonly queryKeyValueBias: boolean;
  /** Bias on the projection behind attention. */
  readonly outputBias: boolean;
  /** Biases on the projections of the MLP. */
  readonly mlpBias: boolean;

  /** Factor of the embeddings. */
  readonly embeddingScale: number;
  /** The head is the embedding table. */
  readonly tiedHead: boolean;
  readonly headBias: boolean;
  /** Logits l become cap·tanh(l / cap). */
  readonly logitCap?: number | undefined;
  /** Linear weights are stored (K,O), as transformers' Conv1D does: PEFT's fan_in_fan_out. */
  readonly transposedWeights: boolean;
}

export interface RopeConfig {
  readonly theta: number;
  readonly scaling: RopeScaling;
  /** R, the elements of a head that are rotated, even; the others are passed on. */
  readonly rotated: number;
  /** Pairs (2i, 2i + 1) instead of (i, i + R/2). */
  readonly interleaved: boolean;
}

export interface LayerAttention {
  /** Factor of the scores. */
  readonly scale: number;
  /** Keys that a query sees, its own included; all when absent. */
  readonly window?: number | undefined;
  /** Index into `ropes`; absent: query and key are not rotated. */
  readonly rope?: number | undefined;
}
