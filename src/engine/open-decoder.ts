// Opens the part of a model folder that the decoder needs: config.json and the headers of the weights.

import type { ModelSource } from "../hub/model-source";
import { openWeights, type Weights } from "../hub/open-weights";
import type { DecoderConfig } from "../model/decoder-config";
import { familyOf } from "../model/families";
import type { ModelFamily } from "../model/families/family";
import { declareModel, type DeclaredModel } from "../model/weights/declare";

export interface OpenedDecoder {
  readonly family: ModelFamily;
  readonly config: DecoderConfig;
  readonly weights: Weights;
  /** The decoder declared for sequences of up to `positions` tokens. Checks every shape. */
  declare(positions: number): DeclaredModel;
}

export async function openDecoder(source: ModelSource): Promise<OpenedDecoder> {
  const { family, config } = familyOf(await source.text("config.json"), `${source.name}/config.json`);
  const weights = await openWeights(source);
  return { family, config, weights, declare: (positions) => declareModel(family, config, weights, positions) };
}
