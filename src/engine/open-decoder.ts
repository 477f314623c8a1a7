// Opens the part of a model folder that the decoder needs: config.json and the headers of the weights.

import type { AdaptableLayer } from "../export/peft";
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
  /** Size of each linear layer's weight by its path, and where it lies: what an adapter must fit. */
  adaptableLayers(): Map<string, AdaptableLayer>;
}

export async function openDecoder(source: ModelSource): Promise<OpenedDecoder> {
  const { family, config } = familyOf(await source.text("config.json"), `${source.name}/config.json`);
  const weights = await openWeights(source);
  const declare = (positions: number): DeclaredModel => declareModel(family, config, weights, positions);
  const adaptableLayers = () => {
    const { modulePath, weightNames } = declare(1);
    const { transposedWeights: transposed } = config;
    return new Map(
      [...modulePath].map(
        ([
          {
            weight: { rows, cols },
          },
          path,
        ]): [string, AdaptableLayer] => [path, { rows, cols, weight: weightNames.get(path)!, transposed }],
      ),
    );
  };
  return { family, config, weights, declare, adaptableLayers };
}
