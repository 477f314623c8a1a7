// The fields that GPT-2 and GPT-J share, with their checks.
// Source: transformers models/gpt2 and models/gptj (Apache-2.0): field names and defaults.

import type { DecoderConfig } from "../decoder-config";
import type { ConfigReader } from "./config-reader";
import { activationOf, gelus, plainDecoder, refuseHeadSize, refuseUnlessQuads } from "./llama-like";

type GptConfig = Omit<DecoderConfig, "modelType" | "ropes" | "attention" | "tiedHead">;

export function gptConfig(reader: ConfigReader, maxPositions: number): GptConfig {
  const hidden = reader.size("n_embd");
  const heads = reader.size("n_head");
  if (hidden % heads !== 0) reader.refuse("n_head", `It must divide n_embd, ${hidden}.`);
  const headSize = hidden / heads;
  refuseHeadSize(reader, "n_head", headSize);
  const feedForward = reader.sizeOrNone("n_inner") ?? 4 * hidden;
  refuseUnlessQuads(reader, "n_embd", hidden);
  refuseUnlessQuads(reader, "n_inner", feedForward);
  return {
    ...plainDecoder,
    hidden,
    layers: reader.layers("n_layer"),
    heads,
    kvHeads: heads,
    headSize,
    feedForward,
    vocabulary: reader.size("vocab_size"),
    maxPositions: reader.size("n_positions", maxPositions),
    norm: "layer",
    normEpsilon: reader.positive("layer_norm_epsilon", 1e-5),
    activation: activationOf(reader, "activation_function", "gelu_new", gelus),
    mlpBias: true,
  };
}
