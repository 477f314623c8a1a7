// Timing of work on an adapter: candidates take turns, so that a busy machine or a warming chip slows all of them
// alike, and the median of the rounds counts. Knows no kernel.

import { cpuUsage } from "node:process";
import type { Gpu } from "../src/gpu/device";
import { Memory } from "../src/program/memory";
import { Program, type ProgramPlan } from "../src/program/program";
import type { Launch } from "../src/program/tape";
import { rootOf, type Tensor, type Values } from "../src/program/tensor";

/** Something that can be run over and over; one run does the work `repeats` times and ends when it is finished. */
export interface Candidate {
  readonly name: string;
  readonly repeats: number;
  run(): Promise<void>;
}

export interface Timing {
  /** Wall time of the work done once, median of the rounds. */
  readonly milliseconds: number;
  /** Processor time of the whole process for it, median. On a software adapter this is the kernel's own work. */
  readonly processorMilliseconds: number;
  /** Third quartile minus first, as a share of the median. */
  readonly spread: number;
  readonly rounds: number;
}

/** One warm-up of each, then `rounds` rounds in which each runs once. In the order of `candidates`. */
export async function race(candidates: readonly Candidate[], rounds: number): Promise<Timing[]> {
  for (const candidate of candidates) await candidate.run();
  const walls: number[][] = candidates.map(() => []);
  const processors: number[][] = candidates.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, candidate] of candidates.entries()) {
      const processor = cpuUsage();
      const begin = performance.now();
      await candidate.run();
      walls[i]!.push((performance.now() - begin) / candidate.repeats);
      const { user, system } = cpuUsage(processor);
      processors[i]!.push((user + system) / 1000 / candidate.repeats);
    }
  }
  return candidates.map((_, i) => ({
    milliseconds: median(walls[i]!),
    processorMilliseconds: median(processors[i]!),
    spread: (quantile(walls[i]!, 0.75) - quantile(walls[i]!, 0.25)) / median(walls[i]!),
    rounds,
  }));
}

/** A run of about this long drowns the cost of submitting and waiting. */
const TARGET_MILLISECONDS = 15;
const MOST_REPEATS = 256;

/**
 * `work`, launches of a plan bound to `memory`, as many times a run as takes about 15 ms; times are for `work` as a
 * whole. Dispose of it in the end.
 */
export async function repeatedLaunch(
  name: string,
  memory: Memory,
  plan: ProgramPlan,
  work: readonly Launch[],
  values: Values = {},
): Promise<Candidate & { dispose(): void }> {
  const repeated = (count: number): Promise<Program> => {
    const launches = new Array<readonly Launch[]>(count).fill(work).flat();
    return Program.create(memory, { ...plan, launches });
  };
  const finish = async (program: Program): Promise<number> => {
    const begin = performance.now();
    program.run(values);
    await memory.gpu.finished();
    return performance.now() - begin;
  };
  const single = await repeated(1);
  let estimate = await finish(single);
  if (estimate < TARGET_MILLISECONDS) estimate = Math.min(await finish(single), await finish(single));
  let repeats = Math.min(MOST_REPEATS, Math.ceil(TARGET_MILLISECONDS / estimate));
  // A short launch's own time is hidden behind the cost of waiting: look again with more of them.
  if (repeats > 1) {
    const several = await repeated(repeats);
    await finish(several);
    const each = (await finish(several)) / repeats;
    several.dispose();
    repeats = Math.min(MOST_REPEATS, Math.ceil(TARGET_MILLISECONDS / each));
  }
  let program = single;
  if (repeats > 1) {
    single.dispose();
    program = await repeated(repeats);
  }
  return {
    name,
    repeats,
    run: async () => void (await finish(program)),
    dispose: () => program.dispose(),
  };
}

/** Buffers for the plan's tensors, filled with `inputs`. */
export async function memoryFor(
  gpu: Gpu,
  plan: ProgramPlan,
  inputs: ReadonlyMap<Tensor, Float32Array | Uint32Array>,
): Promise<Memory> {
  const memory = new Memory(gpu);
  await memory.allocate([...plan.residents, ...[...inputs.keys()].map(rootOf)]);
  await memory.allocateBanks(plan.bankBytes);
  for (const [tensor, contents] of inputs) memory.write(tensor, contents);
  return memory;
}

export function median(numbers: readonly number[]): number {
  return quantile(numbers, 0.5);
}

function quantile(numbers: readonly number[], share: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const low = sorted[Math.floor(place)]!;
  return low + (sorted[Math.ceil(place)]! - low) * (place - Math.floor(place));
}
