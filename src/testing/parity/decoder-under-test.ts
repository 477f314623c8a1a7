// A whole decoder with an adapter on the GPU, for comparison with goldens: logits of any batch, gradients of any
// batches, training runs. Nothing here is used by the product.

import type { Batch } from "../../core/batch";
import type { HostTensor } from "../../core/host-tensor";
import type { LoraConfig, RunConfig } from "../../core/run-config";
import { adapterTensors, tensorNames } from "../../engine/adapter-tensors";
import type { OpenedDecoder } from "../../engine/open-decoder";
import type { Gpu } from "../../gpu/device";
import { Generator, planGeneration } from "../../generate/generator";
import { greedy } from "../../generate/sampler";
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
import { projectLogits } from "../../ops/head";
import { roundUp4 } from "../../ops/matmul";
import { Memory } from "../../program/memory";
import { sharedBankBytes } from "../../program/plan";
import { compile, Program, type ProgramPlan } from "../../program/program";
import { resident, value, type Tensor } from "../../program/tensor";
import { StepInputs, type StepCapacity } from "../../train/step-inputs";
import { planTraining, stepValues, type PlanOptions } from "../../train/training-plan";
import { Trainer } from "../../train/trainer";

export type AdapterTensors = ReadonlyMap<string, Float32Array>;

interface LogitsPrograms {
  readonly inputs: StepInputs;
  readonly all: Tensor; // (N, V rounded up to 4)
  readonly programs: { readonly base: Program; readonly adapter: Program };
}

export class DecoderUnderTest {
  private logitsPrograms: LogitsPrograms | undefined;

  private constructor(
    readonly gpu: Gpu,
    readonly memory: Memory,
    readonly model: LoraModel,
    readonly base: Decoder,
    private readonly largestTokens: number,
  ) {}

  static async open(
    gpu: Gpu,
    opened: Pick<OpenedDecoder, "family" | "config"> & { readonly weights: WeightSource },
    lora: LoraConfig,
    largestTokens: number,
  ): Promise<DecoderUnderTest> {
    const declared = declareModel(opened.family, opened.config, opened.weights, largestTokens);
    const model = withLora(declared, lora, stepValues.dropoutSeed);
    const memory = new Memory(gpu);
    await loadModel(memory, declared, opened.weights);
    const { values, gradients, moment1, moment2 } = model.parameters;
    await memory.allocate([...modelTensors(declared), values, gradients, moment1, moment2]);
    return new DecoderUnderTest(gpu, memory, model, declared.decoder, largestTokens);
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

  /** Logits (N,V) of a batch of at most `largestTokens`, with the adapter or of the base alone. */
  async logits(batch: Batch, which: "base" | "adapter"): Promise<Float32Array> {
    this.logitsPrograms ??= await this.recordLogits();
    const { inputs, all, programs } = this.logitsPrograms;
    programs[which].run({ ...inputs.write(this.memory, batch), dropoutSeed: 0 });
    const rows = await this.memory.readFloats(all);
    const { vocabulary } = this.base.config;
    const stride = roundUp4(vocabulary);
    return dropPadding(rows.subarray(0, batch.tokens.length * stride), stride, vocabulary);
  }

  private async recordLogits(): Promise<LogitsPrograms> {
    const inputs = new StepInputs({ tokens: this.largestTokens, labels: this.largestTokens });
    const all = resident("all logits", [
      value("tokens", this.largestTokens),
      roundUp4(this.base.config.vocabulary),
    ]);
    const record = (decoder: Decoder): ProgramPlan => {
      const tape = newTape({ training: false });
      const hidden = hiddenStates(tape, decoder, inputs);
      const [part] = decoder.head.weight.parts;
      projectLogits(tape, hidden, decoder.head, part!, all, { variant: "registers" });
      return compile(tape);
    };
    const plans = { base: record(this.base), adapter: record(this.model.decoder) };
    const list = Object.values(plans);
    await this.memory.allocate([...list.flatMap((plan) => plan.residents), ...inputs.tensors]);
    await this.memory.allocateBanks(sharedBankBytes(list));
    const programs = {
      base: await Program.create(this.memory, plans.base),
      adapter: await Program.create(this.memory, plans.adapter),
    };
    return { inputs, all, programs };
  }

  /** New banks: programs bound to the old ones must not run any more. */
  private async replaceBanks(bankBytes: readonly number[]): Promise<void> {
    if (this.logitsPrograms) {
      Object.values(this.logitsPrograms.programs).forEach((program) => program.dispose());
      this.memory.release([this.logitsPrograms.all, ...this.logitsPrograms.inputs.tensors]);
      this.logitsPrograms = undefined;
    }
    await this.memory.allocateBanks(bankBytes);
  }

  /** The likeliest tokens after `prompt`, with the adapter, read in chunks and then one by one over a cache. */
  async greedyAnswer(prompt: Uint32Array, count: number): Promise<number[]> {
    const plan = planGeneration(this.model.decoder, prompt.length + count);
    const plans = [plan.prefill, plan.decode];
    const own = [plan.tokens, plan.positions, plan.lastRow, plan.logits];
    await this.memory.allocate([...plans.flatMap(({ residents }) => residents), ...own]);
    await this.replaceBanks(sharedBankBytes(plans));
    const generator = await Generator.create(this.memory, plan);
    const answer: number[] = [];
    const options = { ...greedy, maxNewTokens: count, stopIds: [] };
    for await (const id of generator.generate(prompt, options)) answer.push(id);
    generator.dispose();
    return answer;
  }

  /** A trainer over fresh programs; the parameters stay as they are until `start` or `restore`. */
  async trainer(config: RunConfig, capacity: StepCapacity, options: PlanOptions = {}): Promise<Trainer> {
    const plan = planTraining(this.model, config, capacity, options);
    const plans = [plan.microStep, plan.update, plan.evaluation];
    await this.memory.allocate([...plans.flatMap((p) => p.residents), ...plan.inputs.tensors, plan.report]);
    await this.replaceBanks(sharedBankBytes(plans));
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
    await this.replaceBanks(plan.microStep.bankBytes);
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
