// Registry of model families by `model_type`. A new family is one file beside this one and one line here.

import { parseJson } from "../../core/json";
import type { DecoderConfig } from "../decoder-config";
import { readConfig, type ConfigReader } from "./config-reader";
import type { ModelFamily } from "./family";
import { gemma } from "./gemma";
import { gemma2 } from "./gemma2";
import { gemma3Text } from "./gemma3-text";
import { gptNeox } from "./gpt-neox";
import { gpt2 } from "./gpt2";
import { gptj } from "./gptj";
import { llama } from "./llama";
import { mistral } from "./mistral";
import { phi3 } from "./phi3";
import { qwen2 } from "./qwen2";
import { qwen3 } from "./qwen3";
import { smollm3 } from "./smollm3";

export const families = {
  llama,
  qwen2,
  mistral,
  qwen3,
  gemma3_text: gemma3Text,
  gemma,
  gemma2,
  gpt_neox: gptNeox,
  gpt2,
  smollm3,
  phi3,
  gptj,
} satisfies Record<string, ModelFamily>;

/** A small model that can be trained here, for a `model_type` that can't: of the same makers where there is one. */
const instead: readonly (readonly [modelType: RegExp, repository: string])[] = [
  [/^gemma|^paligemma|^recurrent_gemma/, "google/gemma-3-270m-it"],
  [/^qwen/, "Qwen/Qwen3-0.6B"],
  [/llama/, "meta-llama/Llama-3.2-1B-Instruct"],
  [/^gpt|^opt$|^bloom|^falcon|^mpt/, "EleutherAI/pythia-160m"],
  [/./, "HuggingFaceTB/SmolLM2-135M-Instruct"],
];

/** Family and knobs for the text of a config.json. Throws `bad-model-file` or `unsupported-model`. */
export function familyOf(text: string, fileName: string): { family: ModelFamily; config: DecoderConfig } {
  const reader = readConfig(parseJson(text, fileName), fileName);
  const modelType = reader.text("model_type", "");
  const known = new Map<string, ModelFamily>(Object.entries(families));
  const family = known.get(modelType) ?? refuseFamily(reader, modelType, [...known.keys()]);
  if (reader.has("quantization_config")) {
    reader.refuse(
      "quantization_config",
      "Quantised checkpoints are not read; choose the repository that it was made from.",
    );
  }
  return { family, config: family.config(reader) };
}

function refuseFamily(reader: ConfigReader, modelType: string, known: readonly string[]): never {
  const [, repository] = instead.find(([pattern]) => pattern.test(modelType)) ?? instead.at(-1)!;
  return reader.refuse(
    "model_type",
    `Supported are: ${known.join(", ")}. A small model of one of them is ${repository}.`,
  );
}
