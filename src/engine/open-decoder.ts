// Opens the part of a model folder that the decoder needs: config.json and the headers of the weights.

import { AppError } from "../core/errors";
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
  const text = await source.text("config.json");
  refuseManyLayers(text, `${source.name}/config.json`);
  const { family, config } = familyOf(text, `${source.name}/config.json`);
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

/** Far more than any model has. Everything that is declared grows with the layers, so they are counted first. */
const MOST_LAYERS = 1000;

function refuseManyLayers(text: string, label: string): void {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return; // the family says what is wrong
  }
  for (const field of ["num_hidden_layers", "num_layers", "n_layer", "n_layers"]) {
    const layers = (json as Record<string, unknown> | null)?.[field];
    if (typeof layers !== "number" || layers <= MOST_LAYERS) continue;
    throw new AppError("bad-model-file", `${label}: ${field} is ${layers}; at most ${MOST_LAYERS} are read.`);
  }
}
