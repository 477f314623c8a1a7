// A LoRA training step, whole and taken apart. Whole: many optimiser steps behind one another and one wait at the end,
// as in a run. Apart: every launch alone, in its order, less what an empty launch costs the same way. What the whole
// takes beyond its kernels is launching, JavaScript and waiting.

import { cpuUsage } from "node:process";
import type { Batch } from "../src/core/batch";
import { defaultRunConfig, type RunConfig } from "../src/core/run-config";
import {
  estimateMemory,
  plansOf,
  residentsOf,
  type MemoryEstimate,
  type SessionPlans,
} from "../src/engine/memory-estimate";
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
import { median, race } from "./stopwatch";

export interface StepCase {
  readonly name: string;
  readonly declared: DeclaredModel;
  readonly weights: WeightSource;
  /** The micro-batch of every step. */
  readonly batch: Batch;
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
  { name, declared, weights, batch, checkpoint = false }: StepCase,
  tuning: Tuning,
  rounds: number,
  withKernels = true,
): Promise<StepResult> {
  const model = withLora(declared, runConfig.lora, stepValues.dropoutSeed);
  const capacity = { tokens: batch.tokens.length, labels: batch.supervised };
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
    const values = (): Values => ({
      ...training.inputs.write(memory, batch),
      lossScale: 1 / batch.supervised,
      reset: 1,
      dropoutSeed: done,
    });
    const step = (): void => {
      const begin = performance.now();
      done++;
      microStep.run(values());
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
          { ...values(), decay: 1, stepSize: 0, rootCorrection: 1 },
          Math.min(rounds, 7),
        )
      : { empty: NaN, wall: NaN, processor: NaN, kernels: [] };
    microStep.dispose();
    update.dispose();
    const tokens = batch.tokens.length;
    return {
      name,
      tokens,
      supervised: batch.supervised,
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

/** A launch is repeated until it takes about this long. */
const LAUNCH_MILLISECONDS = 1;
const MOST_REPEATS = 64;

/**
 * Time of every kernel of `plans` at `values`. The launches run in their order, so each finds the data that it finds in
 * a step, and each is waited for; short ones are repeated on the spot. An empty launch, repeated and waited for the same
 * way, runs along, and its time is taken off.
 */
async function kernelTimes(
  memory: Memory,
  plans: readonly ProgramPlan[],
  values: Values,
  rounds: number,
): Promise<{ empty: number; wall: number; processor: number; kernels: KernelTime[] }> {
  const { gpu } = memory;
  const empty = await emptyLaunch(gpu);
  const launches = plans.flatMap((plan) =>
    plan.launches
      .filter((launch) => !launch.grid.some((count) => scalarAt(count, values) === 0))
      .map((launch) => ({ plan, launch })),
  );
  const singles = await Promise.all(
    launches.map(({ plan, launch }) => repeatedProgram(memory, plan, launch, 1)),
  );
  const time = async (program: Program): Promise<Spent> => {
    const processor = cpuUsage();
    const begin = performance.now();
    program.run(values);
    await gpu.finished();
    const wall = performance.now() - begin;
    const { user, system } = cpuUsage(processor);
    return { wall, processor: (user + system) / 1000 };
  };
  for (const single of singles) await time(single);
  const repeats: number[] = [];
  for (const single of singles) {
    const { wall } = await time(single);
    repeats.push(Math.max(1, Math.min(MOST_REPEATS, Math.round(LAUNCH_MILLISECONDS / wall))));
  }
  const programs: Program[] = [];
  for (const [i, { plan, launch }] of launches.entries()) {
    programs.push(repeats[i] === 1 ? singles[i]! : await repeatedProgram(memory, plan, launch, repeats[i]!));
  }

  // Times of each round by kernel, the empty launch's share of waiting taken off.
  const labels = [...new Set(launches.map(({ launch }) => labelOf(launch)))];
  const sums = new Map(labels.map((label): [string, Spent[]] => [label, []]));
  const emptyWalls: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const spent of sums.values()) spent.push({ wall: 0, processor: 0 });
    const idle: Spent[] = [];
    const spent: Spent[] = [];
    for (const [i, program] of programs.entries()) {
      spent.push(await time(program));
      if (i % 8 === 0) idle.push(await time(empty.program));
    }
    const idleWall = median(idle.map(({ wall }) => wall));
    const idleProcessor = idle.reduce((sum, { processor }) => sum + processor, 0) / idle.length;
    emptyWalls.push(idleWall);
    launches.forEach(({ launch }, i) => {
      const sum = sums.get(labelOf(launch))!.at(-1)!;
      sum.wall += (spent[i]!.wall - idleWall) / repeats[i]!;
      sum.processor += (spent[i]!.processor - idleProcessor) / repeats[i]!;
    });
  }
  [...new Set([...singles, ...programs])].forEach((program) => program.dispose());
  empty.dispose();

  const spentBy = (label: string, of: keyof Spent): number =>
    Math.max(0, median(sums.get(label)!.map((spent) => spent[of])));
  const wall = labels.reduce((sum, label) => sum + spentBy(label, "wall"), 0);
  const processor = labels.reduce((sum, label) => sum + spentBy(label, "processor"), 0);
  const kernels = labels
    .map((label): KernelTime => {
      const own = launches.filter(({ launch }) => labelOf(launch) === label);
      const operations = own.reduce((sum, { launch }) => sum + 2 * launch.multiplyAdds, 0);
      const milliseconds = spentBy(label, "wall");
      return {
        kernel: label,
        launches: own.length,
        milliseconds,
        processorMilliseconds: spentBy(label, "processor"),
        share: milliseconds / wall,
        gigaflops: operations / milliseconds / 1e6,
      };
    })
    .sort((a, b) => b.milliseconds - a.milliseconds);
  return { empty: median(emptyWalls), wall, processor, kernels };
}

interface Spent {
  wall: number;
  processor: number;
}

function repeatedProgram(
  memory: Memory,
  plan: ProgramPlan,
  launch: Launch,
  repeats: number,
): Promise<Program> {
  return Program.create(memory, { ...plan, launches: new Array<Launch>(repeats).fill(launch) });
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

async function emptyLaunch(gpu: Gpu): Promise<{ program: Program; dispose: () => void }> {
  const tape = newTape({ training: false });
  const y = resident("y", [1, 4]);
  tape.launch(kernel({ "empty.wgsl": emptySource }, "nothing"), { y }, { quads: 1 }, [1, 1, 1]);
  const plan = compile(tape);
  const memory = new Memory(gpu);
  await memory.allocate(plan.residents);
  const program = await Program.create(memory, plan);
  return {
    program,
    dispose: () => {
      program.dispose();
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
  const plans: SessionPlans = { model: declared, generations: [plan] };
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
