// A LoRA training step, whole and taken apart. Whole: many optimiser steps behind one another and one wait at the end,
// as in a run. Apart: each distinct launch of the step repeated back to back on the same memory, less what an empty
// launch costs the same way. What the whole takes beyond its kernels is launching, JavaScript and waiting.

import type { Batch } from "../src/core/batch";
import { defaultRunConfig, type RunConfig } from "../src/core/run-config";
import { estimateMemory, plansOf, residentsOf, type MemoryEstimate } from "../src/engine/memory-estimate";
import { Generator, planGeneration } from "../src/generate/generator";
import { greedy } from "../src/generate/sampler";
import type { Gpu } from "../src/gpu/device";
import { kernel } from "../src/gpu/kernel";
import { initialMatrices, withLora, writeMatrices } from "../src/model/lora";
import type { DeclaredModel, WeightSource } from "../src/model/weights/declare";
import { loadModel } from "../src/model/weights/load";
import { newTape } from "../src/ops/elementwise";
import { reportFields } from "../src/ops/cross-entropy";
import { Memory } from "../src/program/memory";
import { sharedBankBytes } from "../src/program/plan";
import { compile, Program, type ProgramPlan } from "../src/program/program";
import { resident, scalarAt, type Values } from "../src/program/tensor";
import type { Launch } from "../src/program/tape";
import { multiplyAddsPerLaunch, type Tuning } from "../src/program/tuning";
import { planTraining, stepValues } from "../src/train/training-plan";
import { median, race, repeatedLaunch } from "./stopwatch";

export interface StepCase {
  readonly name: string;
  readonly declared: DeclaredModel;
  readonly weights: WeightSource;
  /** One micro-batch a step, taken in turn. */
  readonly batches: readonly Batch[];
  readonly checkpoint?: boolean;
}

export interface KernelTime {
  /** Shader file and entry point. */
  readonly kernel: string;
  readonly launches: number;
  readonly milliseconds: number;
  readonly processorMilliseconds: number;
  /** Of all kernels' time. */
  readonly share: number;
  /** 0 for kernels without products. */
  readonly gigaflops: number;
}

export interface StepResult {
  readonly name: string;
  readonly tokens: number;
  readonly supervised: number;
  readonly launches: number;
  /** Wall time of a step: median over `rounds` runs of `stepsPerRound` steps. */
  readonly milliseconds: number;
  readonly processorMilliseconds: number;
  readonly rounds: number;
  readonly stepsPerRound: number;
  readonly tokensPerSecond: number;
  readonly javascriptMilliseconds: number;
  readonly kernelMilliseconds: number;
  readonly shareInKernels: number;
  /** Kernel time of a step measured as processor time, over the step's processor time: undisturbed by other programs. */
  readonly processorShareInKernels: number;
  readonly emptyLaunchMilliseconds: number;
  readonly kernels: readonly KernelTime[];
  readonly plannedBytes: MemoryEstimate;
  readonly allocatedBytes: number;
  readonly firstLoss: number;
  readonly lastLoss: number;
}

const runConfig: RunConfig = {
  ...defaultRunConfig,
  schedule: "constant",
  warmupRatio: 0,
  learningRate: 1e-4,
};

export async function benchStep(
  gpu: Gpu,
  { name, declared, weights, batches, checkpoint = false }: StepCase,
  tuning: Tuning,
  rounds: number,
  withKernels = true,
): Promise<StepResult> {
  const model = withLora(declared, runConfig.lora, stepValues.dropoutSeed);
  const capacity = {
    tokens: Math.max(...batches.map(({ tokens }) => tokens.length)),
    labels: Math.max(...batches.map(({ supervised }) => supervised)),
  };
  const training = planTraining(model, runConfig, capacity, {
    tuning,
    checkpoint,
    multiplyAddsPerLaunch: multiplyAddsPerLaunch(tuning),
  });
  const plans = { model: declared, training };
  const before = gpu.allocatedBytes;
  const memory = new Memory(gpu);
  try {
    await loadModel(memory, declared, weights);
    await memory.allocate(residentsOf(plans));
    await memory.allocateBanks(sharedBankBytes(plansOf(plans)));
    model.modules.forEach((module, index) => {
      writeMatrices(memory, module, runConfig.lora.rank, initialMatrices(module, runConfig.lora, 1, index));
    });
    const microStep = await Program.create(memory, training.microStep);
    const update = await Program.create(memory, training.update);
    const allocatedBytes = gpu.allocatedBytes - before;

    let done = 0;
    let javascript = 0;
    const valuesOf = (batch: Batch): Values => ({
      ...training.inputs.write(memory, batch),
      lossScale: 1 / batch.supervised,
      reset: 1,
      dropoutSeed: done,
    });
    const step = (): void => {
      const begin = performance.now();
      const batch = batches[done % batches.length]!;
      done++;
      microStep.run(valuesOf(batch));
      update.run({
        decay: 1,
        stepSize: runConfig.learningRate / (1 - runConfig.adamBeta1 ** done),
        rootCorrection: Math.sqrt(1 - runConfig.adamBeta2 ** done),
      });
      javascript += performance.now() - begin;
    };
    const loss = async (): Promise<number> => {
      const report = await memory.readFloats(training.report);
      return report[reportFields.lossSum]! / report[reportFields.labelled]!;
    };

    step();
    const firstLoss = await loss();
    const trial = performance.now();
    step();
    await gpu.finished();
    const stepsPerRound = Math.max(1, Math.min(50, Math.round(400 / (performance.now() - trial))));
    javascript = 0;
    const begun = done;
    const steps = {
      name,
      repeats: stepsPerRound,
      run: async () => {
        // At most a few steps in flight, as in a run.
        for (let i = 0; i < stepsPerRound; i++) {
          step();
          if (i % 8 === 7) await gpu.finished();
        }
        await gpu.finished();
      },
    };
    const [timing] = await race([steps], rounds);
    const javascriptMilliseconds = javascript / (done - begun);
    const lastLoss = await loss();
    if (!Number.isFinite(lastLoss)) throw new Error(`${name}: the loss is ${lastLoss}`);

    const times = withKernels
      ? await kernelTimes(
          memory,
          [training.microStep, training.update],
          { ...valuesOf(batches[0]!), decay: 1, stepSize: 0, rootCorrection: 1 },
          Math.min(rounds, 7),
        )
      : { empty: NaN, wall: NaN, processor: NaN, kernels: [] };
    microStep.dispose();
    update.dispose();
    const tokens = batches.reduce((sum, batch) => sum + batch.tokens.length, 0) / batches.length;
    return {
      name,
      tokens,
      supervised: batches.reduce((sum, batch) => sum + batch.supervised, 0) / batches.length,
      launches: training.microStep.launches.length + training.update.launches.length,
      milliseconds: timing!.milliseconds,
      processorMilliseconds: timing!.processorMilliseconds,
      rounds,
      stepsPerRound,
      tokensPerSecond: tokens / (timing!.milliseconds / 1000),
      javascriptMilliseconds,
      kernelMilliseconds: times.wall,
      shareInKernels: times.wall / timing!.milliseconds,
      processorShareInKernels: times.processor / timing!.processorMilliseconds,
      emptyLaunchMilliseconds: times.empty,
      kernels: times.kernels,
      plannedBytes: estimateMemory(plans),
      allocatedBytes,
      firstLoss,
      lastLoss,
    };
  } finally {
    memory.dispose();
  }
}

/** Time of every kernel of `plans` at `values`, each distinct launch timed alone, and of an empty launch. */
async function kernelTimes(
  memory: Memory,
  plans: readonly ProgramPlan[],
  values: Values,
  rounds: number,
): Promise<{ empty: number; wall: number; processor: number; kernels: KernelTime[] }> {
  const empty = await emptyLaunch(memory.gpu);
  const [emptyTiming] = await race([empty.candidate], rounds);
  empty.dispose();
  const distinct = new Map<string, { plan: ProgramPlan; launch: Launch; count: number }>();
  for (const plan of plans) {
    for (const launch of plan.launches) {
      const grid = launch.grid.map((count) => scalarAt(count, values));
      if (grid.includes(0)) continue;
      const key = [launch.kernel.label, ...grid, ...launch.dims.map((dim) => scalarAt(dim, values))].join(
        " ",
      );
      const known = distinct.get(key);
      if (known) known.count++;
      else distinct.set(key, { plan, launch, count: 1 });
    }
  }
  const byKernel = new Map<
    string,
    { launches: number; wall: number; processor: number; operations: number }
  >();
  for (const { plan, launch, count } of distinct.values()) {
    const candidate = await repeatedLaunch(launch.kernel.label, memory, plan, [launch], values);
    const [timing] = await race([candidate], rounds);
    candidate.dispose();
    const label = labelOf(launch);
    const sum = byKernel.get(label) ?? { launches: 0, wall: 0, processor: 0, operations: 0 };
    sum.launches += count;
    sum.wall += count * Math.max(0, timing!.milliseconds - emptyTiming!.milliseconds);
    sum.operations += count * 2 * launch.multiplyAdds;
    sum.processor += count * Math.max(0, timing!.processorMilliseconds - emptyTiming!.processorMilliseconds);
    byKernel.set(label, sum);
  }
  const sums = [...byKernel.values()];
  const wall = sums.reduce((total, sum) => total + sum.wall, 0);
  const processor = sums.reduce((total, sum) => total + sum.processor, 0);
  const kernels = [...byKernel]
    .map(([label, sum]): KernelTime => ({
      kernel: label,
      launches: sum.launches,
      milliseconds: sum.wall,
      processorMilliseconds: sum.processor,
      share: sum.wall / wall,
      gigaflops: sum.operations / sum.wall / 1e6,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
  return { empty: emptyTiming!.milliseconds, wall, processor, kernels };
}

/** Shader file, entry point and, of matrix products, the shape of the weight and its format. */
function labelOf({ kernel: { label, dims: fields, entryPoint }, dims }: Launch): string {
  const field = (name: string): number => Number(dims[fields.findIndex((f) => f.name === name)]);
  const file = label.split(" ")[0]!.replace(".wgsl", "");
  if (!file.startsWith("matmul")) return `${file} ${entryPoint}`;
  const format = /weights\/(\w+)/.exec(label)?.[1] ?? "";
  return `${file} ${entryPoint} ${field("outs")}×${field("inner")} ${format}`;
}

const emptySource = `
struct Dims { quads: u32 }
@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@compute @workgroup_size(1)
fn nothing(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= dims.quads) { y[0] = vec4f(); }
}`;

async function emptyLaunch(
  gpu: Gpu,
): Promise<{ candidate: Awaited<ReturnType<typeof repeatedLaunch>>; dispose: () => void }> {
  const tape = newTape({ training: false });
  const y = resident("y", [1, 4]);
  tape.launch(kernel({ "empty.wgsl": emptySource }, "nothing"), { y }, { quads: 1 }, [1, 1, 1]);
  const plan = compile(tape);
  const memory = new Memory(gpu);
  await memory.allocate(plan.residents);
  const candidate = await repeatedLaunch("empty launch", memory, plan, plan.launches);
  return {
    candidate,
    dispose: () => {
      candidate.dispose();
      memory.dispose();
    },
  };
}

export interface GenerationResult {
  readonly name: string;
  readonly promptTokens: number;
  readonly newTokens: number;
  readonly prefillMilliseconds: number;
  /** New tokens over the time from the first to the last. */
  readonly tokensPerSecond: number;
  readonly launchesPerToken: number;
}

/** Greedy generation after a prompt of `promptTokens`; medians of `rounds`. */
export async function benchGeneration(
  gpu: Gpu,
  { name, declared, weights }: Pick<StepCase, "name" | "declared" | "weights">,
  tuning: Tuning,
  rounds: number,
  { promptTokens, newTokens }: { readonly promptTokens: number; readonly newTokens: number },
): Promise<GenerationResult> {
  const plan = planGeneration(declared.decoder, promptTokens + newTokens + 1, { tuning });
  const plans = { model: declared, generation: plan };
  const memory = new Memory(gpu);
  try {
    await loadModel(memory, declared, weights);
    await memory.allocate(residentsOf(plans));
    await memory.allocateBanks(sharedBankBytes(plansOf(plans)));
    const generator = await Generator.create(memory, plan);
    const prompt = Uint32Array.from({ length: promptTokens }, (_, i) => 5 + ((i * 37) % 1000));
    const prefills: number[] = [];
    const rates: number[] = [];
    for (let round = -1; round < rounds; round++) {
      const begin = performance.now();
      let first = 0;
      let made = 0;
      const answer = generator.generate(prompt, { ...greedy, maxNewTokens: newTokens, stopIds: [] });
      for (let next = await answer.next(); !next.done; next = await answer.next()) {
        if (made++ === 0) first = performance.now();
      }
      if (round < 0) continue;
      prefills.push(first - begin);
      rates.push((made - 1) / ((performance.now() - first) / 1000));
    }
    generator.dispose();
    return {
      name,
      promptTokens,
      newTokens,
      prefillMilliseconds: median(prefills),
      tokensPerSecond: median(rates),
      launchesPerToken: plan.decode.launches.length,
    };
  } finally {
    memory.dispose();
  }
}
