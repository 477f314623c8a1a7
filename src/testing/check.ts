// Parity checks of kernels against their float64 references. A check needs a device and nothing else, so the same
// list runs in Vitest under Node, in Chromium and in Firefox.
//
// `runTape` poisons what a launch must overwrite and the rows behind every output's end; results are compared by ‖difference‖ / ‖reference‖ against c·√K·ε, K being the reduction length.

import { assert } from "../core/errors";
import type { Gpu } from "../gpu/device";
import { Memory } from "../program/memory";
import { compile, Program, type CompileOptions } from "../program/program";
import type { Tape } from "../program/tape";
import { rootOf, scalarAt, type Tensor, type Values } from "../program/tensor";

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
export function tolerance(length: number, c = 8): number {
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

/** A quiet NaN with a payload: what outputs hold before a run. */
const POISON = 0x7fc0beef;

export interface TapeRun {
  readonly values?: Values;
  /** Contents of resident tensors before the run. A resident tensor without contents is poisoned. */
  readonly inputs: ReadonlyMap<Tensor, ArrayLike<number>>;
  /** Resident tensors to read afterwards. Give them room for more rows than `values` say, to catch stray writes. */
  readonly outputs: readonly Tensor[];
  readonly compileOptions?: CompileOptions;
}

/**
 * Runs a tape twice from the same start and returns its outputs as f32. Throws when the two runs differ in a bit or
 * when something behind an output was written.
 */
export async function runTape(gpu: Gpu, tape: Tape, run: TapeRun): Promise<Float32Array[]> {
  const plan = compile(tape, run.compileOptions);
  const memory = new Memory(gpu);
  try {
    await memory.allocate([...plan.residents, ...run.outputs, ...run.inputs.keys()]);
    await memory.allocateBanks(plan.bankBytes);
    const program = await Program.create(memory, plan);
    const first = await runOnce(memory, program, run, plan.residents);
    const second = await runOnce(memory, program, run, plan.residents);
    program.dispose();
    first.forEach((bits, i) => {
      const same = bits.every((word, j) => word === second[i]![j]);
      assert(same, `${run.outputs[i]!.name}: two runs differ`);
    });
    return first.map((bits) => new Float32Array(bits.buffer));
  } finally {
    memory.dispose();
  }
}

async function runOnce(
  memory: Memory,
  program: Program,
  run: TapeRun,
  residents: readonly Tensor[],
): Promise<Uint32Array<ArrayBuffer>[]> {
  for (const tensor of new Set([...residents, ...run.outputs].map(rootOf))) {
    const buffer = memory.buffer(tensor);
    memory.gpu.device.queue.writeBuffer(buffer, 0, new Uint32Array(buffer.size / 4).fill(POISON));
  }
  for (const [tensor, contents] of run.inputs) {
    const data = contents instanceof Uint32Array ? contents : Float32Array.from(contents);
    memory.write(tensor, data);
  }
  program.run(run.values ?? {});
  const outputs: Uint32Array<ArrayBuffer>[] = [];
  for (const tensor of run.outputs) {
    const words = new Uint32Array(await memory.read(tensor));
    const live = tensor.shape.reduce<number>((size, s) => size * scalarAt(s, run.values ?? {}), 1);
    const touched = words.subarray(live).findIndex((word) => word !== POISON);
    assert(touched === -1, `${tensor.name}: element ${live + touched}, behind its end, was written`);
    outputs.push(words.slice(0, live));
  }
  return outputs;
}
