// How many multiply-adds a second the adapter does when nothing but arithmetic holds it up. Every other figure is
// given as a share of this one.

import type { Gpu } from "../src/gpu/device";
import { kernel } from "../src/gpu/kernel";
import { newTape } from "../src/ops/elementwise";
import { compile, Program } from "../src/program/program";
import { resident } from "../src/program/tensor";
import source from "./ceiling.wgsl?raw";
import { memoryFor, race, repeatedLaunch, type Candidate } from "./stopwatch";

/** Entry point → multiply-adds a step of one invocation. */
const forms = { vector_fma_4: 16, vector_fma_8: 32, vector_mad_4: 16, scalar_fma_12: 12 } as const;
type Form = keyof typeof forms;

const STEPS = 1024;
const LANES = 64;

export interface CeilingForm {
  readonly form: string;
  /** Multiply-adds count as two operations. */
  readonly gigaflops: number;
  readonly processorGigaflops: number;
}

export interface Ceiling extends CeilingForm {
  readonly forms: readonly CeilingForm[];
  /** The best form as a candidate, to race along with kernels. */
  readonly candidate: Candidate;
  /** Operations of one launch of the candidate. */
  readonly operations: number;
  dispose(): void;
}

/** `processors`: how many processors a software adapter computes on. */
export async function measureCeiling(gpu: Gpu, rounds: number, processors: number): Promise<Ceiling> {
  const entries = Object.keys(forms) as Form[];
  const built: Awaited<ReturnType<typeof buildForm>>[] = [];
  for (const form of entries) built.push(await buildForm(gpu, form));
  const timings = await race(
    built.map(({ candidate }) => candidate),
    rounds,
  );
  const results = timings.map((timing, i): CeilingForm => {
    const { operations } = built[i]!;
    return {
      form: entries[i]!,
      gigaflops: operations / timing.milliseconds / 1e6,
      processorGigaflops: (operations * processors) / timing.processorMilliseconds / 1e6,
    };
  });
  const best = results.reduce((a, b) => (b.gigaflops > a.gigaflops ? b : a));
  const chosen = built[results.indexOf(best)]!;
  built.filter((other) => other !== chosen).forEach((other) => other.dispose());
  const { candidate, operations, dispose } = chosen;
  return { ...best, forms: results, candidate, operations, dispose };
}

/** Workgroups are added until a launch takes a millisecond, so that every lane of a large GPU is busy. */
async function buildForm(
  gpu: Gpu,
  form: Form,
): Promise<{ candidate: Candidate; operations: number; dispose: () => void }> {
  for (let groups = 32; ; groups *= 4) {
    const seeds = resident("seeds", [1, 4]);
    const sums = resident("sums", [groups * LANES, 4]);
    const tape = newTape({ training: false });
    tape.launch(kernel({ "ceiling.wgsl": source }, form), { seeds, sums }, { groups }, [groups, 1, 1]);
    const plan = compile(tape);
    const memory = await memoryFor(gpu, plan, new Map([[seeds, Float32Array.of(0.75, 0.25, 0, 0)]]));
    const program = await Program.create(memory, plan);
    const times: number[] = [];
    for (let i = 0; i < 4; i++) {
      const begin = performance.now();
      program.run({});
      await gpu.finished();
      times.push(performance.now() - begin);
    }
    program.dispose();
    // The chains x ← 0.75·x + 0.25 all end at 1, so the sum of the chains is known.
    const chains = forms[form] / (form === "scalar_fma_12" ? 1 : 4);
    const sum = (await memory.readFloats(sums)).subarray(0, 4);
    const want = form === "scalar_fma_12" ? [4, 4, 2, 2] : [chains, chains, chains, chains];
    if (want.some((value, i) => Math.abs(sum[i]! - value) > 1e-4)) {
      throw new Error(`internal: ceiling ${form}: got ${[...sum].join(", ")}, need ${want.join(", ")}`);
    }
    if (Math.min(...times) < 1 && groups < 65_536 / 4) {
      memory.dispose();
      continue;
    }
    const candidate = await repeatedLaunch(form, memory, plan, plan.launches);
    return {
      candidate,
      operations: groups * LANES * STEPS * forms[form] * 2,
      dispose: () => {
        candidate.dispose();
        memory.dispose();
      },
    };
  }
}
