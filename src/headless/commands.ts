// What the command line does: opens files, calls the engine, writes what comes out. Each command gets commander's
// options as they were checked there.

import { appendFile, cp, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { AppError } from "../core/errors";
import type { RunEvent } from "../core/metrics";
import { defaultRunConfig, type RunConfig } from "../core/run-config";
import { parseRunConfig } from "../core/run-config-check";
import { readDataset, type Dataset } from "../data/read-dataset";
import { ChatSession } from "../engine/chat-session";
import { openModel, type OpenedModel } from "../engine/open-model";
import {
  planRun,
  prepareEvaluation,
  prepareRun,
  TrainingSession,
  tunedRun,
} from "../engine/training-session";
import { mergeAdapter } from "../export/merged";
import { readPeftAdapter, writePeftAdapter, type PeftAdapter } from "../export/peft";
import type { Gpu } from "../gpu/device";
import { openNodeGpu } from "../gpu/node-gpu";
import { RunControl } from "../train/run-control";
import { folderSource } from "./folder-source";
import { tuningOf } from "./tuning-cache";

interface TrainOptions {
  readonly model: string;
  readonly data: string;
  readonly config?: string;
  readonly out: string;
  readonly adapter?: string;
}

export async function train(options: TrainOptions): Promise<void> {
  const model = await openModel(folderSource(options.model));
  const config = await readConfig(options.config);
  const adapter = options.adapter ? await readAdapterFolder(options.adapter, model) : undefined;
  const started = withAdapterShape(config, adapter);
  const prepared = prepareRun(model, started, await readDatasetFile(options.data));
  await refuseEarlierRun(options.out);
  const gpu = await openGpuAloud();
  await mkdir(options.out, { recursive: true });
  await writeJson(join(options.out, "run.json"), started);
  const problems = prepared.problems.map((problem) => `${JSON.stringify(problem)}\n`).join("");
  await writeFile(join(options.out, "problems.jsonl"), problems);
  const metricsFile = join(options.out, "metrics.jsonl");
  await writeFile(metricsFile, "");

  const tuned = tunedRun(prepared, await tuningOf(gpu));
  say(
    `${prepared.trainingRows} rows to train on, ${prepared.evaluationRows} held out, ${prepared.cutRows} cut`,
  );
  if (prepared.problems.length > 0) say(`${prepared.problems.length} rows left out, see problems.jsonl`);
  say(
    `GPU memory planned: ${(tuned.plans.memory.total / 1e6).toFixed(1)} MB; ${prepared.schedule.steps} steps`,
  );

  const session = await TrainingSession.open(gpu, tuned, adapter);
  const control = new RunControl();
  const stop = (): void => {
    say("stopping after this step; the adapter is kept (Ctrl-C again ends at once)");
    control.stop();
  };
  process.once("SIGINT", stop);
  const save = async (): Promise<void> => {
    const tensors = await session.adapterTensors();
    const { fanInFanOut } = session;
    const files = writePeftAdapter({
      config: { ...started.lora, baseModel: model.name, fanInFanOut },
      tensors,
    });
    await writeFiles(join(options.out, "adapter"), files);
  };
  let end: RunEvent | undefined;
  for await (const event of session.run(control)) {
    const line = `${JSON.stringify(event)}\n`;
    process.stdout.write(line);
    await appendFile(metricsFile, line);
    // What was trained until here outlives a crash.
    if (event.kind === "evaluation" && event.step > 0) await save();
    end = event;
  }
  process.removeListener("SIGINT", stop);
  await save();
  session.dispose();
  gpu.dispose();
  if (end?.kind === "end") say(end.message);
  if (end?.kind === "end" && end.reason === "non-finite") process.exitCode = 1;
}

interface GenerateOptions {
  readonly model: string;
  readonly adapter?: string;
  readonly prompt: string;
  readonly system?: string;
  readonly raw?: boolean;
  readonly maxTokens: number;
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
  readonly repetitionPenalty: number;
  readonly seed: number;
}

export async function generate(options: GenerateOptions): Promise<void> {
  const model = await openModel(folderSource(options.model));
  const adapter = options.adapter ? await readAdapterFolder(options.adapter, model) : undefined;
  const gpu = await openGpuAloud();
  const context = Math.min(model.decoder.config.maxPositions, CHAT_CONTEXT);
  const tuning = await tuningOf(gpu);
  const session = await ChatSession.open(gpu, model, { context, tuning, ...(adapter && { adapter }) });
  const system = options.system ? [{ role: "system", content: options.system } as const] : [];
  const messages = [...system, { role: "user", content: options.prompt } as const];
  const { maxTokens, temperature, topK, topP, repetitionPenalty, seed } = options;
  const sampling = { temperature, topK, topP, repetitionPenalty, seed, maxNewTokens: maxTokens };
  const begin = performance.now();
  let count = 0;
  const parts = options.raw ? session.complete(options.prompt, sampling) : session.answer(messages, sampling);
  for await (const part of parts) {
    process.stdout.write(part.text);
    count = part.ids.length;
  }
  process.stdout.write("\n");
  say(`${count} tokens, ${((count / (performance.now() - begin)) * 1000).toFixed(1)} tokens a second`);
  session.dispose();
  gpu.dispose();
}

interface EvaluateOptions {
  readonly model: string;
  readonly adapter?: string;
  readonly data: string;
  readonly config?: string;
}

export async function evaluate(options: EvaluateOptions): Promise<void> {
  const model = await openModel(folderSource(options.model));
  const config = await readConfig(options.config);
  const adapter = options.adapter ? await readAdapterFolder(options.adapter, model) : undefined;
  // Without an adapter a new one is used, which changes nothing.
  const prepared = prepareEvaluation(
    model,
    withAdapterShape(config, adapter),
    await readDatasetFile(options.data),
  );
  for (const { line, field, reason } of prepared.problems) say(`line ${line}: ${field}: ${reason}`);
  const gpu = await openGpuAloud();
  const session = await TrainingSession.open(gpu, tunedRun(prepared, await tuningOf(gpu)), adapter);
  const metrics = await session.trainer.evaluate(prepared.schedule.evaluation);
  process.stdout.write(`${JSON.stringify({ ...metrics, rows: prepared.evaluationRows })}\n`);
  session.dispose();
  gpu.dispose();
}

interface MergeOptions {
  readonly model: string;
  readonly adapter: string;
  readonly out: string;
}

export async function merge(options: MergeOptions): Promise<void> {
  if (resolve(options.out) === resolve(options.model)) {
    throw new AppError(
      "bad-config",
      `--out ${options.out}: it is the model's own folder, which would be overwritten while it is read. Choose another.`,
    );
  }
  const model = await openModel(folderSource(options.model));
  const adapter = await readAdapterFolder(options.adapter, model);
  await mkdir(options.out, { recursive: true });
  for (const file of await readdir(options.model)) {
    if (/\.safetensors(\.index\.json)?$/.test(file)) continue;
    await cp(join(options.model, file), join(options.out, file), { recursive: true });
  }
  await writeFile(
    join(options.out, "model.safetensors"),
    mergeAdapter(model.decoder.weights, adapter, model.decoder.adaptableLayers()).chunks(),
  );
  say(`merged model written to ${options.out}`);
}

interface PlanOptions {
  readonly model: string;
  readonly config?: string;
  readonly data?: string;
}

export async function plan(options: PlanOptions): Promise<void> {
  const model = await openModel(folderSource(options.model));
  const config = await readConfig(options.config);
  const planned = options.data
    ? prepareRun(model, config, await readDatasetFile(options.data)).plans
    : planRun(model, config);
  const { memory, training, recomputesLayers } = planned;
  const launches = training.microStep.launches.length;
  const output = { memoryBytes: memory, recomputesLayers, launchesPerMicroStep: launches };
  process.stdout.write(`${JSON.stringify(output, undefined, 2)}\n`);
}

/** Refuses a folder that holds an earlier run, so that none is ever overwritten. */
async function refuseEarlierRun(folder: string): Promise<void> {
  const files = await readdir(folder).catch((): string[] => []);
  if (!files.includes("metrics.jsonl")) return;
  throw new AppError(
    "bad-config",
    `--out ${folder}: it holds an earlier run. Choose another folder, or remove that one.`,
  );
}

/** Longest conversation in tokens that a chat keeps in its cache. */
const CHAT_CONTEXT = 2048;

async function openGpuAloud(): Promise<Gpu> {
  const gpu = await openNodeGpu();
  const { description, vendor, architecture } = gpu.report;
  say(`GPU adapter: ${[vendor, architecture, description].filter(Boolean).join(" ")}`);
  return gpu;
}

async function readConfig(file: string | undefined): Promise<RunConfig> {
  if (!file) return defaultRunConfig;
  return parseRunConfig(await readText(file), basename(file));
}

async function readDatasetFile(file: string): Promise<Dataset> {
  const bytes = await readFile(file).catch((cause: unknown) => Promise.reject(missing(file, cause)));
  return readDataset(basename(file), new Uint8Array(bytes));
}

async function readAdapterFolder(folder: string, model: OpenedModel): Promise<PeftAdapter> {
  const names = await readdir(folder).catch((cause: unknown) => Promise.reject(missing(folder, cause)));
  const files = new Map<string, Uint8Array>();
  for (const name of names.filter((n) => n.startsWith("adapter_"))) {
    files.set(name, new Uint8Array(await readFile(join(folder, name))));
  }
  return readPeftAdapter(files, model.decoder.adaptableLayers());
}

/** An adapter to start from decides rank, scale and target layers; the run decides the dropout. */
function withAdapterShape(config: RunConfig, adapter: PeftAdapter | undefined): RunConfig {
  if (!adapter) return config;
  const { rank, alpha, targetModules, rsLora } = adapter.config;
  return { ...config, lora: { rank, alpha, targetModules, rsLora, dropout: config.lora.dropout } };
}

async function readText(file: string): Promise<string> {
  return readFile(file, "utf8").catch((cause: unknown) => Promise.reject(missing(file, cause)));
}

function missing(path: string, cause: unknown): AppError {
  return new AppError("file-missing", `${path} cannot be read (${(cause as Error).message}).`, { cause });
}

async function writeFiles(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, bytes] of files) await writeFile(join(folder, name), bytes);
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, undefined, 2)}\n`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
