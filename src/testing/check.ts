// Parity checks of kernels against their float64 references. A check needs a device and nothing else, so the same
// list runs in Vitest under Node, in Chromium and in Firefox.
//
// `runTape` runs a tape as planned and once more taken apart: every activation in a buffer of its own and every folding
// launch folded into a few workgroups a row. Both runs start from poison, must agree bit for bit, and must leave
// everything behind the live rows of every tensor poisoned. So one comparison shows that sums have a fixed order,
// that no kernel reads what nobody wrote, that the plan lets no two live tensors overlap and that grids fold.
//
// Results are compared by ‖difference‖ / ‖reference‖ against c·√K·ε, K being the reduction length.

import { assert } from "../core/errors";
import type { Gpu } from "../gpu/device";
import { readBuffer } from "../gpu/readback";
import { Memory } from "../program/memory";
import { compile, Program, type CompileOptions, type ProgramPlan } from "../program/program";
import type { Launch, Tape } from "../program/tape";
import { alignUp, rootOf, scalarAt, type Scalar, type Tensor, type Values } from "../program/tensor";

export interface Check {
  /** A sentence about behaviour. */
  readonly name: string;
  run(gpu: Gpu): Promise<readonly Measured[]>;
}

/** One comparison of a check. It passes when `error` is at most `limit`. */
export interface Measured {
  readonly what: string;
  readonly error: number;
  readonly limit: number;
}

/** Unit roundoff of f32. */
export const EPSILON = 2 ** -24;

/** Error bound of a sum of `length` products in f32: c·√K·ε. */
export function tolerance(length: number, c = 4): number {
  return c * Math.sqrt(length) * EPSILON;
}

/** ‖got − want‖ / ‖want‖, with `floor` as the least norm of want. A NaN or infinity gives Infinity. */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>, floor = 1e-6): number {
  assert(got.length === want.length, `compare: got ${got.length} numbers, need ${want.length}`);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < want.length; i++) {
    difference += (got[i]! - want[i]!) ** 2;
    norm += want[i]! ** 2;
  }
  const error = Math.sqrt(difference) / Math.max(Math.sqrt(norm), floor);
  return Number.isFinite(error) ? error : Infinity;
}

export function compare(
  what: string,
  got: ArrayLike<number>,
  want: ArrayLike<number>,
  limit: number,
  floor?: number,
): Measured {
  return { what, error: relativeError(got, want, floor), limit };
}

/**
 * What the nth buffer holds before a run: a quiet NaN whose payload is n, so that even a copy of one tensor's poison
 * behind the end of another is seen.
 */
const poisonOf = (nth: number): number => 0x7fc0_0001 + nth;

export interface TapeRun {
  readonly values?: Values;
  /** Contents of resident tensors before the run. A resident tensor without contents is poisoned. */
  readonly inputs: ReadonlyMap<Tensor, ArrayLike<number>>;
  /** Resident tensors to read afterwards. Give them room for more rows than `values` say, to catch stray writes. */
  readonly outputs: readonly Tensor[];
  readonly compileOptions?: CompileOptions;
}

/**
 * Runs a tape twice, as planned and taken apart, and returns its outputs as f32. Throws when the two runs differ in
 * a bit or when something behind the live rows of a tensor was written.
 */
export async function runTape(gpu: Gpu, tape: Tape, run: TapeRun): Promise<Float32Array[]> {
  const plan = compile(tape, run.compileOptions);
  const memory = new Memory(gpu);
  try {
    await memory.allocate([...plan.residents, ...run.outputs, ...run.inputs.keys()]);
    const planned = await runOnce(memory, plan, run);
    const apart = takenApart(plan, run.values ?? {});
    const again = await runOnce(memory, apart, run);
    await assertActivationTails(memory, apart, run.values ?? {});
    planned.forEach((bits, i) => {
      const same = bits.every((word, j) => word === again[i]![j]);
      assert(same, `${run.outputs[i]!.name}: the planned run and the run taken apart differ`);
    });
    return planned.map((bits) => new Float32Array(bits.buffer));
  } finally {
    memory.dispose();
  }
}

async function runOnce(memory: Memory, plan: ProgramPlan, run: TapeRun): Promise<Uint32Array<ArrayBuffer>[]> {
  const values = run.values ?? {};
  await memory.allocateBanks(plan.bankBytes);
  const residents = [...new Set([...plan.residents, ...run.outputs].map(rootOf))];
  plan.bankBytes.forEach((_, bank) => poison(memory.gpu, memory.bank(bank), bank));
  residents.forEach((tensor, i) => poison(memory.gpu, memory.buffer(tensor), plan.bankBytes.length + i));
  for (const [tensor, contents] of run.inputs) {
    memory.write(tensor, contents instanceof Uint32Array ? contents : Float32Array.from(contents));
  }
  const program = await Program.create(memory, plan);
  program.run(values);
  const outputs: Uint32Array<ArrayBuffer>[] = [];
  for (const tensor of run.outputs) {
    const words = new Uint32Array(await memory.read(tensor));
    const live = liveElements(tensor, values);
    const nth = plan.bankBytes.length + residents.indexOf(rootOf(tensor));
    assertPoison(tensor, words.subarray(live), live, nth);
    outputs.push(words.slice(0, live));
  }
  program.dispose();
  return outputs;
}

/** The same launches with every activation in a bank of its own and with folding grids folded early. */
function takenApart(plan: ProgramPlan, values: Values): ProgramPlan {
  const tensors = [...plan.placements.keys()];
  return {
    ...plan,
    launches: plan.launches.map((launch) => foldedEarly(launch, values)),
    placements: new Map(tensors.map((tensor, bank) => [tensor, { bank, offset: 0 }])),
    bankBytes: tensors.map((tensor) => alignUp(tensor.bytes)),
  };
}

/** A launch that asks for num_workgroups folds its grid past 65,535 workgroups; this one does so at √count. */
function foldedEarly(launch: Launch, values: Values): Launch {
  const { code, entryPoint } = launch.kernel;
  const signature = new RegExp(`fn ${entryPoint}\\([^{]*num_workgroups`);
  if (!signature.test(code)) return launch;
  const [x, y, z] = launch.grid.map((count) => scalarAt(count, values)) as [number, number, number];
  const width = Math.ceil(Math.sqrt(x * y));
  const grid: [Scalar, Scalar, Scalar] = [width, width === 0 ? 0 : Math.ceil((x * y) / width), z];
  return { ...launch, grid };
}

/** In a plan taken apart: nothing behind the live rows of an activation was written. */
async function assertActivationTails(memory: Memory, plan: ProgramPlan, values: Values): Promise<void> {
  for (const [tensor, { bank }] of plan.placements) {
    const live = liveElements(tensor, values);
    const tail = alignUp(tensor.bytes) - live * 4;
    if (tail === 0) continue;
    const words = await readBuffer(memory.gpu, memory.bank(bank), live * 4, tail);
    assertPoison(tensor, new Uint32Array(words), live, bank);
  }
}

function assertPoison(tensor: Tensor, words: Uint32Array, first: number, nth: number): void {
  const touched = words.findIndex((word) => word !== poisonOf(nth));
  assert(touched === -1, `${tensor.name}: element ${first + touched}, behind its end, was written`);
}

function liveElements(tensor: Tensor, values: Values): number {
  return tensor.shape.reduce<number>((size, extent) => size * scalarAt(extent, values), 1);
}

function poison(gpu: Gpu, buffer: GPUBuffer, nth: number): void {
  gpu.device.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(poisonOf(nth)));
}
