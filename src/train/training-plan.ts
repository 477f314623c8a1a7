// The programs of a training run, recorded and planned without a GPU: one micro-step, the optimiser update and the
// evaluation. What they allocate is known from here on, to the byte.

import type { RunConfig } from "../core/run-config";
import { hiddenStates } from "../model/decoder";
import { withoutDropout, type LoraModel } from "../model/lora";
import { adamw } from "../ops/adamw";
import { declareReport, linearCrossEntropy, type LossChunks } from "../ops/cross-entropy";
import { newTape } from "../ops/elementwise";
import { compile, type CompileOptions, type ProgramPlan } from "../program/program";
import { value, type Tensor } from "../program/tensor";
import type { Tuning } from "../program/tuning";
import { StepInputs, type StepCapacity } from "./step-inputs";

export interface PlanOptions extends CompileOptions {
  readonly tuning?: Tuning;
  /** Recompute each layer in the backward pass: same numbers, less memory, about a third more time. */
  readonly checkpoint?: boolean;
  readonly lossChunks?: LossChunks;
}

export interface TrainingPlan {
  readonly model: LoraModel;
  readonly inputs: StepInputs;
  readonly report: Tensor;
  readonly microStep: ProgramPlan;
  readonly update: ProgramPlan;
  readonly evaluation: ProgramPlan;
}

/** Values a micro-step runs with, besides its counts. */
export const stepValues = {
  /** 1 / supervised tokens of the accumulation window. */
  lossScale: value("lossScale"),
  /** 1 in the window's first micro-step, else 0. */
  reset: value("reset"),
  /** u32, different for each micro-step. */
  dropoutSeed: value("dropoutSeed"),
} as const;

const updateValues = {
  decay: value("decay"),
  stepSize: value("stepSize"),
  rootCorrection: value("rootCorrection"),
} as const;

export function planTraining(
  model: LoraModel,
  config: RunConfig,
  capacity: StepCapacity,
  options: PlanOptions = {},
): TrainingPlan {
  const inputs = new StepInputs(capacity);
  const report = declareReport();
  const { lossScale: scale, reset } = stepValues;
  const tuning = options.tuning ? { tuning: options.tuning } : {};
  const lossInputs = { ...inputs.lossTensors, scale, reset, report };

  const step = newTape(tuning);
  const hidden = hiddenStates(step, model.decoder, inputs, options.checkpoint);
  step.backward(linearCrossEntropy(step, hidden, model.decoder.head, lossInputs, options.lossChunks));

  const update = newTape(tuning);
  adamw(update, model.parameters, report, {
    maxGradientNorm: config.maxGradientNorm,
    beta1: config.adamBeta1,
    beta2: config.adamBeta2,
    epsilon: config.adamEpsilon,
    ...updateValues,
  });

  const evaluation = newTape({ ...tuning, training: false });
  const evaluated = hiddenStates(evaluation, withoutDropout(model.decoder), inputs);
  linearCrossEntropy(evaluation, evaluated, model.decoder.head, lossInputs, options.lossChunks);

  return {
    model,
    inputs,
    report,
    microStep: compile(step, options),
    update: compile(update, options),
    evaluation: compile(evaluation, options),
  };
}
