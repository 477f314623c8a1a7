// The knobs of the one decoder. A family maps its config.json onto them.

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
  readonly normEpsilon: number;
  readonly ropeTheta: number;
  readonly ropeScaling: RopeScaling;
  /** Biases on q, k, v and o. */
  readonly attentionBias: boolean;
  /** Biases on gate, up and down. */
  readonly mlpBias: boolean;
  /** The head is the embedding table. */
  readonly tiedHead: boolean;
}
