// The built-in model on the sample datasets: the tokens of every row and the loss of 50 steps against transformers +
// peft, and what training is for: afterwards the model gives the trained answers, and before it does not.
// Goldens: reference/golden/make_builtin.py. They hold for the very files they were made from, so those are compared
// first: after a new model or dataset, make them anew.

import { AppError } from "../../core/errors";
import type { StepMetrics } from "../../core/metrics";
import type { Message } from "../../core/message";
import { defaultRunConfig, type RunConfig } from "../../core/run-config";
import { readDataset, type Dataset } from "../../data/read-dataset";
import { tokenizeDataset } from "../../data/tokenize-example";
import { wholeAnswer } from "../../engine/answer";
import { ChatSession } from "../../engine/chat-session";
import { openModel, type OpenedModel } from "../../engine/open-model";
import { prepareRun, TrainingSession } from "../../engine/training-session";
import { readPeftAdapter, writePeftAdapter, type PeftAdapter } from "../../export/peft";
import { greedy } from "../../generate/sampler";
import type { Gpu } from "../../gpu/device";
import type { ModelSource } from "../../hub/model-source";
import { relativeError } from "../check";
import { CURVE_LIMIT, type ParityResult } from "./model-parity";

/** Folders, each read through a ModelSource. */
export interface BuiltinFiles {
  /** The built-in model. */
  readonly model: ModelSource;
  /** public/datasets */
  readonly datasets: ModelSource;
  /** e2e/golden/builtin-start: the adapter that every golden run begins with. */
  readonly start: ModelSource;
  /** e2e/golden/builtin-DATASET */
  readonly golden: ModelSource;
}

/** Least share of the trained prompts that the adapter answers word for word. */
export const TUNED_SHARE = 0.85;
/** Largest share of them that the model alone answers so. */
export const BASE_SHARE = 0.1;

interface BuiltinGolden {
  readonly dataset: { readonly file: string; readonly sha256: string };
  readonly model: { readonly weightsSha256: string; readonly tokenizerSha256: string };
  readonly config: RunConfig;
  readonly documents: readonly { readonly ids: readonly number[]; readonly trained: readonly number[] }[];
  readonly steps: readonly {
    readonly loss: number;
    readonly learningRate: number;
    readonly gradientNorm: number;
  }[];
}

interface Opened {
  readonly golden: BuiltinGolden;
  readonly model: OpenedModel;
  readonly dataset: Dataset;
  result(check: string, measured: number, limit: number): ParityResult;
}

/** Rows whose ids, or whose trained tokens, are not those of transformers' tokenizer and template. No GPU needed. */
export async function builtinTokenParity(files: BuiltinFiles): Promise<ParityResult[]> {
  const { golden, model, dataset, result } = await open(files);
  const { sequences } = tokenizeDataset(dataset, model.chat, golden.config);
  const rows = golden.documents.map((document, i) => ({ document, sequence: sequences[i] }));
  const differing = (key: "ids" | "trained"): number =>
    rows.filter(({ document, sequence }) => String(document[key]) !== String(sequence?.[key])).length;
  return [
    result("rows too many or too few", Math.abs(sequences.length - golden.documents.length), 0),
    result("rows with other token ids", differing("ids"), 0),
    result("rows with other trained tokens", differing("trained"), 0),
  ];
}

/** The golden run from the golden adapter, from the dataset's file to the losses. `steps` cuts it short. */
export async function builtinCurveParity(
  gpu: Gpu,
  files: BuiltinFiles,
  steps = Infinity,
): Promise<ParityResult[]> {
  const { golden, model, dataset, result } = await open(files);
  const prepared = prepareRun(model, golden.config, dataset);
  const session = await TrainingSession.open(gpu, prepared, await readStart(files.start, model));
  try {
    const until = Math.min(steps, golden.steps.length);
    const got: StepMetrics[] = [];
    for await (const event of session.trainer.run(prepared.schedule, { until }))
      if (event.kind === "step") got.push(event);
    const error = (key: "loss" | "learningRate" | "gradientNorm"): number =>
      got.length === until
        ? relativeError(
            got.map((step) => step[key]),
            golden.steps.slice(0, until).map((step) => step[key]),
          )
        : Infinity;
    return (["loss", "learningRate", "gradientNorm"] as const).map((key) =>
      result(`${key} over ${until} steps`, error(key), CURVE_LIMIT),
    );
  } finally {
    session.dispose();
  }
}

/**
 * Trains as index.json suggests, then asks the trained prompts, greedily, with the adapter and without: shares of
 * answers that are the trained ones word for word. At most `prompts` of them are asked, evenly spread over the file.
 */
export async function builtinAnswerParity(
  gpu: Gpu,
  files: BuiltinFiles,
  options: { readonly prompts: number; readonly steps?: number },
): Promise<ParityResult[]> {
  const { golden, model, dataset, result } = await open(files);
  const config = { ...(await suggestedRun(files.datasets, golden.dataset.file)), samplePrompts: [] };
  if (options.steps !== undefined) Object.assign(config, { maxSteps: options.steps });
  const adapter = await trainedAdapter(gpu, model, config, dataset);
  const asked = evenlySpread(questionsOf(dataset), options.prompts);
  const tuned = await shareOfTrainedAnswers(gpu, model, asked, config, adapter);
  const base = await shareOfTrainedAnswers(gpu, model, asked, config);
  const after = `of ${asked.length} trained prompts`;
  return [
    // A result passes when it is at most its limit, so of the tuned model the misses are counted.
    result(`share ${after} answered otherwise after ${config.maxSteps} steps`, 1 - tuned, 1 - TUNED_SHARE),
    result(`share ${after} answered so by the model alone`, base, BASE_SHARE),
  ];
}

interface Question {
  readonly prompt: readonly Message[];
  readonly answer: string;
}

async function open(files: BuiltinFiles): Promise<Opened> {
  const golden = JSON.parse(await files.golden.text("curve.json")) as BuiltinGolden;
  const { dataset, model } = golden;
  await refuseOtherFile(files, files.model, "model.safetensors", model.weightsSha256);
  await refuseOtherFile(files, files.model, "tokenizer.json", model.tokenizerSha256);
  await refuseOtherFile(files, files.datasets, dataset.file, dataset.sha256);
  const opened = await openModel(files.model);
  const configuration = `${files.model.name}: ${files.golden.name.replace("builtin-", "")}`;
  const family = opened.decoder.config.modelType;
  return {
    golden,
    model: opened,
    dataset: readDataset(dataset.file, await wholeFile(files.datasets, dataset.file)),
    result: (check, measured, limit) => ({ family, configuration, check, measured, limit }),
  };
}

async function refuseOtherFile(
  files: BuiltinFiles,
  source: ModelSource,
  file: string,
  sha256: string,
): Promise<void> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await wholeFile(source, file)));
  const got = Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  if (got === sha256) return;
  throw new AppError(
    "bad-model-file",
    `${files.golden.name} was made for another ${source.name}/${file}. ` +
      "Make it anew: python reference/golden/make_builtin.py (reference/README.md says what that needs).",
  );
}

async function readStart(start: ModelSource, model: OpenedModel): Promise<PeftAdapter> {
  const names = ["adapter_config.json", "adapter_model.safetensors"];
  const files = await Promise.all(names.map(async (name) => [name, await wholeFile(start, name)] as const));
  return readPeftAdapter(new Map(files), model.decoder.adaptableLayers());
}

async function suggestedRun(datasets: ModelSource, file: string): Promise<RunConfig> {
  const index = JSON.parse(await datasets.text("index.json")) as {
    datasets: { file: string; run: RunConfig }[];
  };
  const entry = index.datasets.find((dataset) => dataset.file === file);
  if (!entry) throw new AppError("bad-dataset", `index.json: there is no dataset ${file}.`);
  return { ...defaultRunConfig, ...entry.run };
}

/** The adapter after a whole run, by way of its files. */
async function trainedAdapter(
  gpu: Gpu,
  model: OpenedModel,
  config: RunConfig,
  dataset: Dataset,
): Promise<PeftAdapter> {
  const session = await TrainingSession.open(gpu, prepareRun(model, config, dataset));
  try {
    for await (const event of session.run()) {
      if (event.kind === "end" && event.reason !== "finished")
        throw new AppError(event.reason, event.message);
    }
    const tensors = await session.adapterTensors();
    const files = writePeftAdapter({ config: { ...config.lora, baseModel: model.name }, tensors });
    return readPeftAdapter(files, model.decoder.adaptableLayers());
  } finally {
    session.dispose();
  }
}

async function shareOfTrainedAnswers(
  gpu: Gpu,
  model: OpenedModel,
  questions: readonly Question[],
  config: RunConfig,
  adapter?: PeftAdapter,
): Promise<number> {
  const session = await ChatSession.open(gpu, model, {
    context: model.decoder.config.maxPositions,
    ...(adapter && { adapter }),
  });
  try {
    let right = 0;
    for (const { prompt, answer } of questions) {
      const options = { ...greedy, maxNewTokens: config.sampleTokens };
      const given = await wholeAnswer(session.generator, model.chat, prompt, options);
      if (given === answer) right++;
    }
    return right / questions.length;
  } finally {
    session.dispose();
  }
}

/** The last answer of each row, and what stands before it. */
function questionsOf(dataset: Dataset): Question[] {
  return dataset.examples.flatMap(({ example }) => {
    if (example.kind === "text") return [];
    const last = example.messages.at(-1)!;
    return last.role === "assistant" ? [{ prompt: example.messages.slice(0, -1), answer: last.content }] : [];
  });
}

function evenlySpread<T>(items: readonly T[], count: number): T[] {
  const taken = Math.min(count, items.length);
  return Array.from({ length: taken }, (_, i) => items[Math.floor((i * items.length) / taken)]!);
}

async function wholeFile(source: ModelSource, file: string): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await source.read(file, 0, await source.size(file));
  return Uint8Array.from(bytes);
}
