// A whole decoder with an adapter on the GPU, for comparison with goldens: logits of any batch, gradients of any
// batches, training runs. Nothing here is used by the product.

import type { Batch } from "../../core/batch";
import type { HostTensor } from "../../core/host-tensor";
import type { LoraConfig, RunConfig } from "../../core/run-config";
import { adapterTensors, tensorNames } from "../../engine/adapter-tensors";
import type { OpenedDecoder } from "../../engine/open-decoder";
import type { Gpu } from "../../gpu/device";
import { hiddenStates, type Decoder } from "../../model/decoder";
import {
  initialMatrices,
  matricesOf,
  withLora,
  writeMatrices,
  type LoraMatrices,
  type LoraModel,
} from "../../model/lora";
import { loadModel, modelTensors } from "../../model/weights/load";
import { declareModel, type WeightSource } from "../../model/weights/declare";
import { newTape } from "../../ops/elementwise";
import { matmulForward, roundUp4 } from "../../ops/matmul";
import { Memory } from "../../program/memory";
import { sharedBankBytes } from "../../program/plan";
import { compile, Program } from "../../program/program";
import { resident, value } from "../../program/tensor";
import { StepInputs, type StepCapacity } from "../../train/step-inputs";
import { planTraining, stepValues, type PlanOptions } from "../../train/training-plan";
import { Trainer } from "../../train/trainer";

export type AdapterTensors = ReadonlyMap<string, Float32Array>;

export class DecoderUnderTest {
  private constructor(
    readonly gpu: Gpu,
    readonly memory: Memory,
    readonly model: LoraModel,
    readonly base: Decoder,
  ) {}

  static async open(
    gpu: Gpu,
    opened: Pick<OpenedDecoder, "family" | "config"> & { readonly weights: WeightSource },
    lora: LoraConfig,
    positions: number,
  ): Promise<DecoderUnderTest> {
    const declared = declareModel(opened.family, opened.config, opened.weights, positions);
    const model = withLora(declared, lora, stepValues.dropoutSeed);
    const memory = new Memory(gpu);
    await loadModel(memory, declared, opened.weights);
    const { values, gradients, moment1, moment2 } = model.parameters;
    await memory.allocate([...modelTensors(declared), values, gradients, moment1, moment2]);
    return new DecoderUnderTest(gpu, memory, model, declared.decoder);
  }

  /** A new adapter, as training begins with. */
  startAdapter(seed: number): void {
    const { modules, config } = this.model;
    modules.forEach((module, index) =>
      writeMatrices(this.memory, module, config.rank, initialMatrices(module, config, seed, index)),
    );
  }

  setAdapter(tensors: AdapterTensors): void {
    for (const [module, matrices] of this.matricesFrom(tensors)) {
      writeMatrices(this.memory, module, this.model.config.rank, matrices);
    }
  }

  /** Logits (N,V) of a batch, with the adapter or of the base alone. */
  async logits(batch: Batch, which: "base" | "adapter"): Promise<Float32Array> {
    const decoder = which === "base" ? this.base : this.model.decoder;
    const vocabulary = decoder.config.vocabulary;
    const inputs = new StepInputs({ tokens: batch.tokens.length, labels: batch.tokens.length });
    const all = resident("all logits", [value("tokens", batch.tokens.length), roundUp4(vocabulary)]);
    const tape = newTape({ training: false });
    matmulForward(tape, hiddenStates(tape, decoder, inputs), decoder.head, all, { variant: "registers" });
    const plan = compile(tape);
    await this.memory.allocate([...plan.residents, ...inputs.tensors]);
    await this.memory.allocateBanks(plan.bankBytes);
    const program = await Program.create(this.memory, plan);
    const counts = inputs.write(this.memory, batch);
    program.run({ ...counts, dropoutSeed: 0 });
    const rows = await this.memory.readFloats(all);
    program.dispose();
    this.memory.release([all, ...inputs.tensors]);
    return dropPadding(rows, roundUp4(vocabulary), vocabulary);
  }

  /** A trainer over fresh programs; the parameters stay as they are until `start` or `restore`. */
  async trainer(config: RunConfig, capacity: StepCapacity, options: PlanOptions = {}): Promise<Trainer> {
    const plan = planTraining(this.model, config, capacity, options);
    const plans = [plan.microStep, plan.update, plan.evaluation];
    await this.memory.allocate([...plans.flatMap((p) => p.residents), ...plan.inputs.tensors, plan.report]);
    await this.memory.allocateBanks(sharedBankBytes(plans));
    return Trainer.create(this.memory, plan, config);
  }

  /** Gradients of the token-mean loss over all `batches`, by PEFT tensor name, and the loss and accuracy. */
  async gradients(
    config: RunConfig,
    batches: readonly Batch[],
    options: PlanOptions = {},
  ): Promise<{ tensors: Map<string, Float32Array>; loss: number; accuracy: number }> {
    const plan = planTraining(this.model, config, capacityOf(batches), options);
    await this.memory.allocate([...plan.microStep.residents, ...plan.inputs.tensors, plan.report]);
    await this.memory.allocateBanks(plan.microStep.bankBytes);
    const program = await Program.create(this.memory, plan.microStep);
    this.memory.clear(this.model.parameters.gradients);
    const supervised = batches.reduce((sum, batch) => sum + batch.supervised, 0);
    batches.forEach((batch, i) => {
      const counts = plan.inputs.write(this.memory, batch);
      program.run({ ...counts, lossScale: 1 / supervised, reset: i === 0 ? 1 : 0, dropoutSeed: 0 });
    });
    const flat = await this.memory.readFloats(this.model.parameters.gradients);
    const report = await this.memory.readFloats(plan.report);
    program.dispose();
    const tensors = this.tensorsOf(flat);
    this.memory.release([...plan.inputs.tensors, plan.report]);
    return { tensors, loss: report[0]! / supervised, accuracy: report[1]! / supervised };
  }

  /** The adapter as it stands, by PEFT tensor name. */
  async adapter(): Promise<Map<string, Float32Array>> {
    return this.tensorsOf(await this.memory.readFloats(this.model.parameters.values));
  }

  /** The adapter as it is exported. */
  async adapterTensors(): Promise<Map<string, HostTensor>> {
    const flat = await this.memory.readFloats(this.model.parameters.values);
    const { rank } = this.model.config;
    return new Map(this.model.modules.flatMap((m) => adapterTensors(m, rank, matricesOf(flat, m, rank))));
  }

  private tensorsOf(flat: Float32Array): Map<string, Float32Array> {
    const tensors = new Map<string, Float32Array>();
    for (const module of this.model.modules) {
      const names = tensorNames(module.path);
      const { a, b } = matricesOf(flat, module, this.model.config.rank);
      tensors.set(names.a, a).set(names.b, b);
    }
    return tensors;
  }

  /** A and B of each module, in the model's order. */
  matricesFrom(tensors: AdapterTensors): (readonly [LoraModel["modules"][number], LoraMatrices])[] {
    return this.model.modules.map((module) => {
      const names = tensorNames(module.path);
      return [module, { a: tensors.get(names.a)!, b: tensors.get(names.b)! }] as const;
    });
  }

  dispose(): void {
    this.memory.dispose();
  }
}

export function capacityOf(batches: readonly Batch[]): StepCapacity {
  return {
    tokens: Math.max(...batches.map((batch) => batch.tokens.length)),
    labels: Math.max(...batches.map((batch) => batch.supervised)),
  };
}

function dropPadding(rows: Float32Array, stride: number, width: number): Float32Array {
  const count = rows.length / stride;
  const out = new Float32Array(count * width);
  for (let row = 0; row < count; row++)
    out.set(rows.subarray(row * stride, row * stride + width), row * width);
  return out;
}
