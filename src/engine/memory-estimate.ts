// What a session will allocate on the GPU, to the byte, from plans alone: the figure that a person sees before a
// download, and what a test compares with the bytes really allocated.

import type { GenerationPlan } from "../generate/generator";
import { modelTensors } from "../model/weights/load";
import type { DeclaredModel } from "../model/weights/declare";
import { sharedBankBytes, type MemoryPlan } from "../program/plan";
import { arenaBytes } from "../program/program";
import { alignUp, rootOf, type Tensor } from "../program/tensor";
import { READBACK_SLOTS } from "../gpu/readback";
import type { TrainingPlan } from "../train/training-plan";

/** Bytes. `total` is the sum of the others. */
export interface MemoryEstimate {
  readonly weights: number;
  /** Adapter values and gradients. */
  readonly parameters: number;
  /** Both AdamW moments. */
  readonly optimizer: number;
  readonly activations: number;
  /** Keys and values of generation. */
  readonly cache: number;
  /** Token buffers, logits, uniforms and readback. */
  readonly other: number;
  readonly total: number;
}

export interface SessionPlans {
  readonly model: DeclaredModel;
  readonly training?: TrainingPlan;
  /** One for each adapter that answers. */
  readonly generations?: readonly GenerationPlan[];
}

/** Every program of a session. They never run at once, so they share their activation banks. */
export function plansOf({ training, generations = [] }: SessionPlans): MemoryPlan[] {
  return [
    ...(training ? [training.microStep, training.update, training.evaluation] : []),
    ...generations.flatMap((generation) => [generation.prefill, generation.decode]),
  ];
}

/** Every resident tensor of a session, each once. */
export function residentsOf(plans: SessionPlans): Set<Tensor> {
  const { model, training, generations = [] } = plans;
  const tensors = [
    ...modelTensors(model),
    ...plansOf(plans).flatMap((plan) => plan.residents),
    ...(training ? [...training.inputs.tensors, training.report] : []),
    ...generations.flatMap(({ tokens, positions, lastRow, logits }) => [tokens, positions, lastRow, logits]),
  ];
  return new Set(tensors.map(rootOf));
}

export function estimateMemory(plans: SessionPlans): MemoryEstimate {
  const { model, training, generations = [] } = plans;
  const remaining = residentsOf(plans);
  const take = (tensors: readonly Tensor[]): number => {
    let bytes = 0;
    for (const root of new Set(tensors.map(rootOf))) if (remaining.delete(root)) bytes += alignUp(root.bytes);
    return bytes;
  };
  const sum = (sizes: readonly number[]): number => sizes.reduce((total, size) => total + size, 0);
  const parameters = training?.model.parameters;

  const weights = take(modelTensors(model));
  const optimizer = parameters ? take([parameters.moment1, parameters.moment2]) : 0;
  const adapter = parameters ? take([parameters.values, parameters.gradients]) : 0;
  const cache = take(generations.flatMap((plan) => plan.cache.flatMap(({ keys, values }) => [keys, values])));
  const activations = sum(sharedBankBytes(plansOf(plans)));
  const uniforms = sum(plansOf(plans).map(arenaBytes));
  const readBack = (training?.report.bytes ?? 0) + sum(generations.map(({ logits }) => logits.bytes));
  const other = take([...remaining]) + uniforms + readBack * READBACK_SLOTS;
  const total = weights + adapter + optimizer + activations + cache + other;
  return { weights, parameters: adapter, optimizer, activations, cache, other, total };
}
