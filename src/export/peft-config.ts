// adapter_config.json: what PEFT writes beside an adapter's tensors. Only what this engine computes is accepted: options
// that change the forward pass or the base weights are refused by name, because leaving them out would give a model that
// answers, wrongly. Keys as PEFT 0.21 writes them: https://github.com/huggingface/peft/blob/main/src/peft/tuners/lora/config.py

import { AppError } from "../core/errors";
import { parseJsonObject, shownJson } from "../core/json";
import type { LoraConfig } from "../core/run-config";

export interface PeftConfig extends LoraConfig {
  /** Hub name or folder of the model that the adapter belongs to; "" when unknown. */
  readonly baseModel: string;
  /** The adapted layers store their weights (K,O), as GPT-2's do. */
  readonly fanInFanOut?: boolean;
}

/** Keys that must be absent, null, false or empty. */
const mustBeOff = [
  "use_dora",
  "use_qalora",
  "use_bdlora",
  "lora_bias",
  "modules_to_save",
  "rank_pattern",
  "alpha_pattern",
  "layer_replication",
  "target_parameters",
  "trainable_token_indices",
  "alora_invocation_tokens",
  "loftq_config",
  "corda_config",
  "lora_ga_config",
  "kasa_config",
  "arrow_config",
  "monteclora_config",
  "velora_config",
  "megatron_config",
] as const;

/** Initialisations that leave the base weights as they are; the others (PiSSA, OLoRA, CorDA, LoftQ, …) subtract from them. */
const harmlessInitialisations: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  "gaussian",
  "eva",
  "orthogonal",
  "mica",
];

/** The text of adapter_config.json. `targetModules` are the short names, such as "q_proj", of the adapted layers. */
export function writePeftConfig(config: PeftConfig, targetModules: readonly string[]): string {
  const json = {
    alpha_pattern: {},
    base_model_name_or_path: config.baseModel === "" ? null : config.baseModel,
    bias: "none",
    fan_in_fan_out: config.fanInFanOut ?? false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: config.alpha,
    lora_dropout: config.dropout,
    modules_to_save: null,
    peft_type: "LORA",
    r: config.rank,
    rank_pattern: {},
    target_modules: [...targetModules].sort(),
    task_type: "CAUSAL_LM",
    use_dora: false,
    use_rslora: config.rsLora,
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

/** Reads adapter_config.json. Throws AppError("bad-adapter") that lists every option which can't be honoured. */
export function readPeftConfig(text: string, fileName: string): PeftConfig {
  const json = parseJsonObject(text, fileName, "bad-adapter");
  const kind = json["peft_type"];
  if (kind === undefined && ("lora_parameters" in json || "fine_tune_type" in json)) {
    throw bad(fileName, 'it is an mlx-lm adapter; only PEFT adapters ("peft_type": "LORA") can be read');
  }
  if (kind !== "LORA") throw bad(fileName, `peft_type is ${shownJson(kind)}; only "LORA" can be read`);
  const faults: string[] = [];
  const task = json["task_type"];
  if (task !== undefined && task !== null && task !== "CAUSAL_LM")
    faults.push(`task_type is ${shownJson(task)}, expected "CAUSAL_LM"`);
  const bias = json["bias"];
  if (bias !== undefined && bias !== "none") faults.push(`bias is ${shownJson(bias)}, expected "none"`);
  const initialisation = json["init_lora_weights"];
  if (!harmlessInitialisations.includes(initialisation)) {
    faults.push(
      `init_lora_weights is ${shownJson(initialisation)}, which changes the base weights; convert the adapter with PEFT first (save_pretrained with path_initial_model_for_weight_conversion)`,
    );
  }
  for (const key of mustBeOff)
    if (!isOff(json[key])) faults.push(`${key} is ${shownJson(json[key])}, which is not supported`);
  const number = (
    key: string,
    fallback: number,
    valid: (value: number) => boolean,
    expected: string,
  ): number => {
    const value = json[key] ?? fallback;
    if (typeof value === "number" && valid(value)) return value;
    faults.push(`${key} is ${shownJson(value)}, expected ${expected}`);
    return fallback;
  };
  const rank = number("r", 8, (value) => Number.isInteger(value) && value >= 1, "a whole number above 0");
  const alpha = number("lora_alpha", 8, (value) => Number.isFinite(value) && value > 0, "a number above 0");
  const dropout = number("lora_dropout", 0, (value) => value >= 0 && value < 1, "a number from 0 to below 1");
  const rsLora = json["use_rslora"] ?? false;
  if (typeof rsLora !== "boolean") faults.push(`use_rslora is ${shownJson(rsLora)}, expected true or false`);
  const fanInFanOut = json["fan_in_fan_out"] ?? false;
  if (typeof fanInFanOut !== "boolean")
    faults.push(`fan_in_fan_out is ${shownJson(fanInFanOut)}, expected true or false`);
  if (faults.length > 0) throw bad(fileName, faults.join("; "));
  const base = json["base_model_name_or_path"];
  return {
    rank,
    alpha,
    dropout,
    rsLora: rsLora === true,
    targetModules: readTargets(json["target_modules"]),
    baseModel: typeof base === "string" ? base : "",
    ...(fanInFanOut === true && { fanInFanOut }),
  };
}

/** The names listed; a pattern, or nothing, says less than the tensors do, so then the tensors decide. */
function readTargets(value: unknown): readonly string[] | "all-linear" {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === "string")
    ? value
    : "all-linear";
}

function isOff(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

function bad(fileName: string, reason: string): AppError {
  return new AppError("bad-adapter", `${fileName}: ${reason}.`);
}
