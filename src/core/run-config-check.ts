// run.json: what each field means, which values it may have, and a reader that says precisely what is wrong. The table is
// the one place that knows; the headless --help prints it and the page builds its form from it. Defaults stand in
// run-config.ts.

import { AppError } from "./errors";
import { isObject, parseJson, shownJson } from "./json";
import { defaultRunConfig, type LoraConfig, type RunConfig } from "./run-config";

/** "lora.rank", "epochs", … */
export type RunConfigField = `lora.${keyof LoraConfig}` | Exclude<keyof RunConfig, "lora">;

type Kind =
  | {
      readonly kind: "number";
      readonly min: number;
      readonly max: number;
      readonly whole?: true;
      readonly below?: true;
      readonly above?: true;
    }
  | { readonly kind: "boolean" }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  | { readonly kind: "modules" }
  | { readonly kind: "texts" };

/** `below` and `above` exclude the maximum and the minimum. */
export type RunConfigFieldInfo = Kind & {
  /** What the number counts; "" for plain ratios, choices and texts. */
  readonly unit: string;
  readonly sentence: string;
};

const whole = (min: number, max: number, unit: string, sentence: string): RunConfigFieldInfo => ({
  kind: "number",
  min,
  max,
  whole: true,
  unit,
  sentence,
});
const real = (min: number, max: number, unit: string, sentence: string): RunConfigFieldInfo => ({
  kind: "number",
  min,
  max,
  unit,
  sentence,
});
const above = (min: number, max: number, unit: string, sentence: string): RunConfigFieldInfo => ({
  kind: "number",
  min,
  max,
  above: true,
  unit,
  sentence,
});
const below = (min: number, max: number, unit: string, sentence: string): RunConfigFieldInfo => ({
  kind: "number",
  min,
  max,
  below: true,
  unit,
  sentence,
});
const flag = (sentence: string): RunConfigFieldInfo => ({ kind: "boolean", unit: "", sentence });

export const runConfigFields: Readonly<Record<RunConfigField, RunConfigFieldInfo>> = {
  "lora.rank": whole(
    1,
    1024,
    "",
    "Rank of the adapter's update; more rank can learn more and takes more memory.",
  ),
  "lora.alpha": above(0, 65536, "", "The update is scaled by alpha / rank (alpha / √rank with rsLora)."),
  "lora.dropout": below(
    0,
    1,
    "",
    "Probability that an input element of the adapter is left out in training.",
  ),
  "lora.targetModules": {
    kind: "modules",
    unit: "",
    sentence:
      'Layers that get an adapter: a list of names such as "q_proj", or "all-linear" for every linear layer but the head.',
  },
  "lora.rsLora": flag("Scales the update by alpha / √rank instead of alpha / rank."),
  epochs: above(0, 10_000, "passes", "Passes over the training rows; ignored when maxSteps is above 0."),
  maxSteps: whole(0, 10_000_000, "optimiser steps", "Length of the run; 0 lets epochs decide."),
  microBatchSize: whole(1, 4096, "rows", "Rows computed at once; less takes less memory."),
  gradientAccumulation: whole(
    1,
    4096,
    "micro-batches",
    "Micro-batches whose gradients make one optimiser step.",
  ),
  learningRate: above(0, 10, "", "Largest step size of the optimiser."),
  schedule: {
    kind: "choice",
    choices: ["linear", "cosine", "constant"],
    unit: "",
    sentence: "How the learning rate falls after the warm-up.",
  },
  warmupSteps: whole(
    0,
    10_000_000,
    "optimiser steps",
    "Steps in which the learning rate rises from 0; 0 lets warmupRatio decide.",
  ),
  warmupRatio: real(0, 1, "", "Warm-up as a share of all optimiser steps."),
  weightDecay: real(0, 10, "", "AdamW's decay of the trained weights."),
  adamBeta1: below(0, 1, "", "AdamW's memory of the gradient."),
  adamBeta2: below(0, 1, "", "AdamW's memory of the squared gradient."),
  adamEpsilon: above(0, 1, "", "Keeps AdamW's division finite."),
  maxGradientNorm: real(
    0,
    1e6,
    "",
    "Gradients with a larger global norm are scaled down to it; 0 turns clipping off.",
  ),
  cutoffLength: whole(2, 131_072, "tokens", "Longer rows are cut at the end."),
  packing: flag("Joins several rows into one of at most cutoffLength tokens; they never see each other."),
  trainOnPrompt: flag("Trains on system and user turns as well, not on the answers alone."),
  shuffle: flag("Reorders the rows in every epoch; false keeps the file's order."),
  seed: whole(
    0,
    Number.MAX_SAFE_INTEGER,
    "",
    "Decides initial weights, order of rows, dropout and the evaluation split.",
  ),
  evaluationSplit: below(0, 1, "", "Share of the rows held out for evaluation; 0 evaluates nothing."),
  evaluationInterval: whole(
    0,
    10_000_000,
    "optimiser steps",
    "Steps between evaluations; 0 evaluates before the first and after the last step only.",
  ),
  samplePrompts: { kind: "texts", unit: "", sentence: "Prompts that the model answers at every evaluation." },
  sampleTokens: whole(1, 32_768, "tokens", "Longest answer to a sample prompt."),
};

const fieldNames = Object.keys(runConfigFields) as RunConfigField[];

/** The value of a field by its dotted name. */
export function runConfigValue(config: RunConfig, field: RunConfigField): unknown {
  return field.startsWith("lora.")
    ? config.lora[field.slice(5) as keyof LoraConfig]
    : config[field as Exclude<keyof RunConfig, "lora">];
}

/** What a field may hold, in words: "a whole number from 1 to 1024". */
export function describeRange(info: RunConfigFieldInfo): string {
  switch (info.kind) {
    case "number": {
      const name = info.whole ? "a whole number" : "a number";
      if (info.above) return `${name} above ${info.min}, at most ${info.max}`;
      if (info.below) return `${name} from ${info.min} to below ${info.max}`;
      return `${name} from ${info.min} to ${info.max}`;
    }
    case "boolean":
      return "true or false";
    case "choice":
      return info.choices.map((text) => JSON.stringify(text)).join(" or ");
    case "modules":
      return 'a list of module names, or "all-linear"';
    case "texts":
      return "a list of texts";
    default:
      return info satisfies never;
  }
}

/** The fields as lines for a terminal: name, default, range, unit, sentence. */
export function runConfigHelp(): string {
  return fieldNames
    .map((field) => {
      const info = runConfigFields[field];
      const range = describeRange(info) + (info.unit === "" ? "" : ` (${info.unit})`);
      return `  ${field} = ${JSON.stringify(runConfigValue(defaultRunConfig, field))}\n      ${info.sentence}\n      ${range}`;
    })
    .join("\n");
}

/**
 * Reads run.json: text or the parsed value. Absent fields get their defaults. Throws AppError("bad-config") that lists every
 * fault with file, field, value and what is allowed.
 */
export function parseRunConfig(json: unknown, fileName: string): RunConfig {
  const given =
    typeof json === "string" ? parseJson(json.replace(/^\ufeff/, ""), fileName, "bad-config") : json;
  const faults: string[] = [];
  const values = new Map<string, unknown>();
  if (!isObject(given))
    throw new AppError(
      "bad-config",
      `${fileName}: got ${shownJson(given)}, expected an object such as {"epochs": 2}.`,
    );
  for (const [name, value] of Object.entries(given)) {
    if (name !== "lora") values.set(name, value);
    else if (isObject(value))
      for (const [inner, innerValue] of Object.entries(value)) values.set(`lora.${inner}`, innerValue);
    else faults.push(`lora is ${shownJson(value)}; an object such as {"rank": 16} was expected`);
  }
  for (const [name, value] of values) {
    if (!Object.hasOwn(runConfigFields, name)) {
      faults.push(
        `there is no field ${shownJson(name)}; the nearest is ${JSON.stringify(nearestField(name))}`,
      );
      continue;
    }
    const info = runConfigFields[name as RunConfigField];
    if (!allows(info, value))
      faults.push(`${name} is ${shownJson(value)}; ${describeRange(info)} was expected`);
  }
  if (faults.length > 0) throw new AppError("bad-config", `${fileName}: ${faults.join(". ")}.`);
  const valueOf = (field: RunConfigField): unknown =>
    values.has(field) ? values.get(field) : runConfigValue(defaultRunConfig, field);
  const lora: Record<string, unknown> = {};
  const config: Record<string, unknown> = { lora };
  for (const field of fieldNames) {
    if (field.startsWith("lora.")) lora[field.slice(5)] = valueOf(field);
    else config[field] = valueOf(field);
  }
  return config as unknown as RunConfig;
}

function allows(info: RunConfigFieldInfo, value: unknown): boolean {
  switch (info.kind) {
    case "number":
      if (typeof value !== "number" || !Number.isFinite(value) || (info.whole && !Number.isInteger(value)))
        return false;
      return (
        (info.above ? value > info.min : value >= info.min) &&
        (info.below ? value < info.max : value <= info.max)
      );
    case "boolean":
      return typeof value === "boolean";
    case "choice":
      return typeof value === "string" && info.choices.includes(value);
    case "modules":
      if (value === "all-linear") return true;
      return (
        Array.isArray(value) &&
        value.length > 0 &&
        value.every((name) => typeof name === "string" && /^[\w.]+$/.test(name))
      );
    case "texts":
      return Array.isArray(value) && value.every((text) => typeof text === "string");
    default:
      return info satisfies never;
  }
}

/** The known name closest to what was written; TrainingArguments' snake_case and bare LoRA names find their field. */
function nearestField(name: string): RunConfigField {
  const plain = (text: string): string =>
    text
      .slice(0, 60)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, "");
  if (Object.hasOwn(otherNames, plain(name))) return otherNames[plain(name)]!;
  const distances = fieldNames.map((field) => ({
    field,
    distance: Math.min(
      editDistance(plain(name), plain(field)),
      editDistance(plain(name), plain(field.replace("lora.", ""))),
    ),
  }));
  return distances.reduce((best, next) => (next.distance < best.distance ? next : best)).field;
}

/** Names that transformers and PEFT use for the same thing, without case and underscores. */
const otherNames: Readonly<Record<string, RunConfigField>> = {
  r: "lora.rank",
  lorar: "lora.rank",
  userslora: "lora.rsLora",
  numtrainepochs: "epochs",
  numepochs: "epochs",
  perdevicetrainbatchsize: "microBatchSize",
  batchsize: "microBatchSize",
  gradientaccumulationsteps: "gradientAccumulation",
  lr: "learningRate",
  lrschedulertype: "schedule",
  lrscheduler: "schedule",
  maxgradnorm: "maxGradientNorm",
  maxlength: "cutoffLength",
  maxseqlength: "cutoffLength",
  cutofflen: "cutoffLength",
  sequencelen: "cutoffLength",
  evalsteps: "evaluationInterval",
  valsize: "evaluationSplit",
  valsetsize: "evaluationSplit",
  trainoninputs: "trainOnPrompt",
};

/** Number of single-character changes between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
