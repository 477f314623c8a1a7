// A training run from files to adapter. `prepareRun` needs no GPU: it reads the dataset, makes the batches and plans
// the memory. `TrainingSession` then owns everything on the GPU until it is disposed of.

import type { TokenSequence } from "../core/batch";
import type { Checkpoint } from "../core/checkpoint";
import type { RunEvent, SampleAnswers } from "../core/metrics";
import { AppError } from "../core/errors";
import type { RowProblem } from "../core/message";
import type { RunConfig } from "../core/run-config";
import type { HostTensor } from "../core/host-tensor";
import { batchesInOrder, planBatches, splitEvaluation, type BatchPlan } from "../data/batches";
import type { Dataset } from "../data/read-dataset";
import { tokenizeDataset, type TokenizedDataset } from "../data/tokenize-example";
import type { PeftAdapter } from "../export/peft";
import { Generator, planGeneration } from "../generate/generator";
import { greedy } from "../generate/sampler";
import type { Gpu } from "../gpu/device";
import { matricesOf, withLora } from "../model/lora";
import { Memory } from "../program/memory";
import { sharedBankBytes } from "../program/plan";
import type { Tuning } from "../program/tuning";
import type { RunControl } from "../train/run-control";
import type { StepCapacity } from "../train/step-inputs";
import { Trainer, type TrainingSchedule } from "../train/trainer";
import { planTraining, stepValues } from "../train/training-plan";
import { adapterMatrices, adapterTensors } from "./adapter-tensors";
import { wholeAnswer } from "./answer";
import {
  estimateMemory,
  plansOf,
  residentsOf,
  type MemoryEstimate,
  type SessionPlans,
} from "./memory-estimate";
import { loadInParts } from "./load-in-parts";
import type { OpenedModel } from "./open-model";

/** Activations beyond this are made smaller by recomputing layers in the backward pass. */
const RECOMPUTE_ABOVE_BYTES = 1024 ** 3;

export interface PreparedRun {
  readonly model: OpenedModel;
  readonly config: RunConfig;
  readonly schedule: TrainingSchedule;
  /** Rows that could not be used, in file order. */
  readonly problems: readonly RowProblem[];
  readonly trainingRows: number;
  readonly evaluationRows: number;
  readonly stepsPerEpoch: number;
  /** Tokens of all optimiser steps together. */
  readonly totalTokens: number;
  /** Tokens of the held-out rows. */
  readonly evaluationTokens: number;
  /** Rows cut at cutoffLength. */
  readonly cutRows: number;
  /** The largest micro-batch, of training and evaluation alike. */
  readonly capacity: StepCapacity;
  readonly plans: PlannedRun;
}

export interface PlannedRun extends SessionPlans {
  readonly training: NonNullable<SessionPlans["training"]>;
  readonly memory: MemoryEstimate;
  /** Layers are recomputed in the backward pass to save memory. */
  readonly recomputesLayers: boolean;
}

/**
 * Splits, batches and plans, after tokenising where `tokenized` is not given: the dataset tokenised with the same cutoff
 * length and trainOnPrompt. Throws `bad-dataset` when no row can be trained on.
 */
export function prepareRun(
  model: OpenedModel,
  config: RunConfig,
  dataset: Dataset,
  tokenized?: TokenizedDataset,
): PreparedRun {
  const rows = tokenized ?? tokenizeDataset(dataset, model.chat, config);
  const problems = [...dataset.problems, ...rows.problems].sort((a, b) => a.line - b.line);
  if (rows.sequences.length === 0) throw nothingToTrainOn(dataset.fileName, problems);
  const { training, evaluation } = splitEvaluation(rows.sequences, config.evaluationSplit, config.seed);
  const batches = planBatches(training, config);
  const held = batchesInOrder(evaluation, config.microBatchSize);
  const capacity: StepCapacity = {
    tokens: Math.max(batches.largestTokens, ...held.map((batch) => batch.tokens.length)),
    labels: Math.max(batches.largestSupervised, ...held.map((batch) => batch.supervised)),
  };
  return {
    model,
    config,
    schedule: {
      steps: batches.steps,
      window: (step) => batches.batchesOfStep(step),
      epoch: (step) => Math.floor(step / batches.stepsPerEpoch),
      evaluation: held,
    },
    problems,
    trainingRows: training.length,
    evaluationRows: evaluation.length,
    stepsPerEpoch: batches.stepsPerEpoch,
    totalTokens: tokensOfSteps(batches, training),
    evaluationTokens: held.reduce((sum, batch) => sum + batch.tokens.length, 0),
    cutRows: rows.cut,
    capacity,
    plans: planRun(model, config, capacity),
  };
}

/** The run planned anew for an adapter whose tuning is known by now. Only uniforms can change in size. */
export function tunedRun(prepared: PreparedRun, tuning: Tuning): PreparedRun {
  const { model, config, capacity } = prepared;
  return { ...prepared, plans: planRun(model, config, capacity, { tuning }) };
}

/** As `prepareRun`, but nothing is trained and every row is evaluated. */
export function prepareEvaluation(model: OpenedModel, config: RunConfig, dataset: Dataset): PreparedRun {
  const whole = { ...config, evaluationSplit: 0, shuffle: false, packing: false, samplePrompts: [] };
  const prepared = prepareRun(model, { ...whole, epochs: 1, maxSteps: 0, gradientAccumulation: 1 }, dataset);
  const { schedule, trainingRows } = prepared;
  const evaluation = Array.from({ length: schedule.steps }, (_, step) => schedule.window(step)).flat();
  return {
    ...prepared,
    schedule: { ...schedule, steps: 0, evaluation },
    trainingRows: 0,
    evaluationRows: trainingRows,
  };
}

/** Whole epochs take every row once; what is left is counted step by step. */
function tokensOfSteps(batches: BatchPlan, rows: readonly TokenSequence[]): number {
  const wholeEpochs = Math.floor(batches.steps / batches.stepsPerEpoch);
  let tokens = wholeEpochs * batches.tokensPerEpoch;
  for (let step = wholeEpochs * batches.stepsPerEpoch; step < batches.steps; step++) {
    for (const index of batches.sequencesOfStep(step).flat()) tokens += rows[index]!.ids.length;
  }
  return tokens;
}

function nothingToTrainOn(fileName: string, problems: readonly RowProblem[]): AppError {
  const first = problems[0];
  const why = first
    ? ` The first problem is at line ${first.line}: ${[first.field, first.reason].filter(Boolean).join(": ")}`
    : "";
  return new AppError("bad-dataset", `${fileName}: no row can be trained on.${why}`);
}

/** Plans a run whose micro-batches hold at most `capacity`; by default full rows of the cutoff length. */
export function planRun(
  model: Pick<OpenedModel, "name" | "decoder">,
  config: RunConfig,
  capacity: StepCapacity = {
    tokens: config.microBatchSize * config.cutoffLength,
    labels: config.microBatchSize * config.cutoffLength,
  },
  options: { readonly tuning?: Tuning } = {},
): PlannedRun {
  const { maxPositions } = model.decoder.config;
  if (config.cutoffLength > maxPositions) {
    throw new AppError(
      "bad-config",
      `cutoffLength is ${config.cutoffLength}, but ${model.name} knows only ${maxPositions} positions. Lower it.`,
    );
  }
  const context = Math.min(maxPositions, config.cutoffLength + config.sampleTokens);
  const declared = model.decoder.declare(context);
  const lora = withLora(declared, config.lora, stepValues.dropoutSeed);
  const generation =
    config.samplePrompts.length > 0 ? planGeneration(lora.decoder, context, options) : undefined;
  const planned = (checkpoint: boolean): PlannedRun => {
    const training = planTraining(lora, config, capacity, { ...options, checkpoint });
    const plans = { model: declared, training, ...(generation && { generations: [generation] }) };
    return { ...plans, memory: estimateMemory(plans), recomputesLayers: checkpoint };
  };
  const whole = planned(false);
  return whole.memory.activations <= RECOMPUTE_ABOVE_BYTES ? whole : planned(true);
}

export class TrainingSession {
  private constructor(
    private readonly prepared: PreparedRun,
    private readonly memory: Memory,
    readonly trainer: Trainer,
    private readonly generator: Generator | undefined,
  ) {}

  /** Loads the weights and binds the programs. `adapter` is where training starts, instead of a new one. */
  static async open(
    gpu: Gpu,
    prepared: PreparedRun,
    adapter?: PeftAdapter,
    onLoaded?: (share: number) => void,
  ): Promise<TrainingSession> {
    const { model, plans, config } = prepared;
    const memory = new Memory(gpu);
    let trainer: Trainer | undefined;
    try {
      await loadInParts(memory, plans.model, model.decoder.weights, onLoaded);
      await memory.allocate(residentsOf(plans));
      await memory.allocateBanks(sharedBankBytes(plansOf(plans)));
      trainer = await Trainer.create(memory, plans.training, config);
      if (adapter) {
        const { modules } = plans.training.model;
        trainer.start((index) => adapterMatrices(adapter.tensors, modules[index]!.path));
      }
      const [generation] = plans.generations ?? [];
      const generator = generation && (await Generator.create(memory, generation));
      return new TrainingSession(prepared, memory, trainer, generator);
    } catch (error) {
      trainer?.dispose();
      memory.dispose();
      throw error;
    }
  }

  /** Trains from where the trainer stands to the end, or until `control` stops it. */
  run(control?: RunControl): AsyncGenerator<RunEvent> {
    const sample = () => this.answers();
    return this.trainer.run(this.prepared.schedule, { sample, ...(control && { control }) });
  }

  /** The model stores its linear weights (K,O), which PEFT notes in an adapter's config. */
  get fanInFanOut(): boolean {
    return this.prepared.model.decoder.config.transposedWeights;
  }

  /** The adapter as PEFT names it, without the rank's padding: as it is now, or as it was at a checkpoint. */
  async adapterTensors(checkpoint?: Checkpoint): Promise<Map<string, HostTensor>> {
    const { modules, parameters, config } = this.prepared.plans.training.model;
    const flat = checkpoint?.values ?? (await this.memory.readFloats(parameters.values));
    return new Map(
      modules.flatMap((module) => adapterTensors(module, config.rank, matricesOf(flat, module, config.rank))),
    );
  }

  dispose(): void {
    this.generator?.dispose();
    this.trainer.dispose();
    this.memory.dispose();
  }

  private async answers(): Promise<SampleAnswers["answers"]> {
    const { config, model } = this.prepared;
    const answers: { prompt: string; answer: string }[] = [];
    for (const prompt of this.generator ? config.samplePrompts : []) {
      const options = { ...greedy, maxNewTokens: config.sampleTokens };
      const messages = [{ role: "user", content: prompt } as const];
      answers.push({ prompt, answer: await wholeAnswer(this.generator!, model.chat, messages, options) });
    }
    return answers;
  }
}
