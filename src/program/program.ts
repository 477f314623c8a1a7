// A program: a planned launch list bound to memory, recorded once and replayed. `run` writes one uniform arena and
// submits; it creates no buffer, no bind group and reads nothing back.

import { assert } from "../core/errors";
import { MAX_WORKGROUPS, type Gpu } from "../gpu/device";
import { compileKernels, type Pipeline } from "../gpu/pipelines";
import type { Memory } from "./memory";
import { planMemory, type MemoryPlan } from "./plan";
import { splitHeavyLaunches, withoutDeadLaunches, type Launch, type Tape } from "./tape";
import { multiplyAddsPerLaunch } from "./tuning";
import { ALIGNMENT, rootOf, scalarAt, type Tensor, type Values } from "./tensor";

export interface CompileOptions {
  /** Heaviest single launch in multiply-adds; about 50 ms of work on the tape's adapter when absent. */
  readonly multiplyAddsPerLaunch?: number;
}

export interface ProgramPlan extends MemoryPlan {
  /** Work of one submit in multiply-adds: about 100 ms. Browsers and drivers kill what takes much longer. */
  readonly multiplyAddsPerSubmit: number;
}

/** Turns a tape into a plan: dead launches dropped, heavy ones cut, activations placed. Needs no GPU. */
export function compile(tape: Tape, options: CompileOptions = {}): ProgramPlan {
  const heaviest = options.multiplyAddsPerLaunch ?? multiplyAddsPerLaunch(tape.tuning);
  const launches = splitHeavyLaunches(withoutDeadLaunches(tape.launches), heaviest);
  return { ...planMemory(launches), multiplyAddsPerSubmit: 2 * heaviest };
}

/** Bytes of the uniform arena that a program of this plan allocates. */
export function arenaBytes(plan: MemoryPlan): number {
  return Math.max(1, plan.launches.length) * ALIGNMENT;
}

/** Light launches a submit: the GPU starts on the first ones while the rest is encoded. */
const MOST_LAUNCHES = 64;

/** Index one past the last launch of each submit. */
function cutSubmits({ launches, multiplyAddsPerSubmit }: ProgramPlan): number[] {
  const cuts: number[] = [];
  let work = 0;
  let first = 0;
  launches.forEach(({ multiplyAdds }, index) => {
    const full = work + multiplyAdds > multiplyAddsPerSubmit || index - first === MOST_LAUNCHES;
    if (full && index > first) {
      cuts.push(index);
      first = index;
      work = 0;
    }
    work += multiplyAdds;
  });
  return launches.length > 0 ? [...cuts, launches.length] : [];
}

interface BoundLaunch {
  readonly launch: Launch;
  readonly pipeline: Pipeline;
  readonly group: GPUBindGroup;
}

export class Program {
  private readonly staging: ArrayBuffer;
  private readonly words: Uint32Array;
  private readonly floats: Float32Array;

  private constructor(
    private readonly gpu: Gpu,
    private readonly arena: GPUBuffer,
    private readonly bound: readonly BoundLaunch[],
    private readonly submits: readonly number[],
  ) {
    this.staging = new ArrayBuffer(arena.size);
    this.words = new Uint32Array(this.staging);
    this.floats = new Float32Array(this.staging);
  }

  /** Compiles the kernels and binds the plan to `memory`, whose banks and residents must be allocated. */
  static async create(memory: Memory, plan: ProgramPlan): Promise<Program> {
    const { gpu } = memory;
    const pipelines = await compileKernels(
      gpu,
      plan.launches.map((launch) => launch.kernel),
    );
    return gpu.guard("the program", () => {
      const usage = GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST;
      const arena = gpu.createBuffer("uniform arena", arenaBytes(plan), usage);
      const bound = plan.launches.map((launch, index): BoundLaunch => {
        const pipeline = pipelines.get(launch.kernel)!;
        const entries: GPUBindGroupEntry[] = launch.kernel.bindings.map((binding, i) => ({
          binding: binding.index,
          resource: bufferRange(memory, plan, launch.tensors[i]!),
        }));
        if (launch.dims.length > 0) {
          const size = Math.max(16, Math.ceil((launch.dims.length * 4) / 16) * 16);
          entries.push({ binding: 0, resource: { buffer: arena, offset: index * ALIGNMENT, size } });
        }
        return { launch, pipeline, group: gpu.device.createBindGroup({ layout: pipeline.layout, entries }) };
      });
      return new Program(gpu, arena, bound, cutSubmits(plan));
    });
  }

  /** Submits the whole program. `values` gives every named quantity; a launch with an empty grid is skipped. */
  run(values: Values): void {
    this.writeArena(values);
    let begin = 0;
    for (const end of this.submits) {
      this.submit(values, begin, end);
      begin = end;
    }
  }

  /** Runs each launch alone and awaits it, for profiles: milliseconds by launch, in order. */
  async profile(values: Values): Promise<{ launch: Launch; milliseconds: number }[]> {
    this.writeArena(values);
    await this.gpu.finished();
    const times: { launch: Launch; milliseconds: number }[] = [];
    for (let i = 0; i < this.bound.length; i++) {
      const start = performance.now();
      this.submit(values, i, i + 1);
      await this.gpu.finished();
      times.push({ launch: this.bound[i]!.launch, milliseconds: performance.now() - start });
    }
    return times;
  }

  dispose(): void {
    this.gpu.destroyBuffer(this.arena);
  }

  private writeArena(values: Values): void {
    this.bound.forEach(({ launch }, index) => {
      const base = (index * ALIGNMENT) / 4;
      launch.dims.forEach((dim, i) => {
        const target = launch.kernel.dims[i]!.type === "f32" ? this.floats : this.words;
        target[base + i] = scalarAt(dim, values);
      });
    });
    this.gpu.device.queue.writeBuffer(this.arena, 0, this.staging);
  }

  private submit(values: Values, begin: number, end: number): void {
    const encoder = this.gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    for (let i = begin; i < end; i++) {
      const { launch, pipeline, group } = this.bound[i]!;
      const x = scalarAt(launch.grid[0], values);
      const y = scalarAt(launch.grid[1], values);
      const z = scalarAt(launch.grid[2], values);
      if (x * y * z === 0) continue;
      assert(
        x <= MAX_WORKGROUPS && y <= MAX_WORKGROUPS && z <= MAX_WORKGROUPS,
        `kernel ${launch.kernel.label}: grid ${x}×${y}×${z} exceeds ${MAX_WORKGROUPS}`,
      );
      pass.setPipeline(pipeline.pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y, z);
    }
    pass.end();
    this.gpu.device.queue.submit([encoder.finish()]);
  }
}

function bufferRange(memory: Memory, plan: MemoryPlan, tensor: Tensor): GPUBufferBinding {
  const root = rootOf(tensor);
  const placement = plan.placements.get(root);
  const offset = tensor.view?.offset ?? 0;
  if (!placement) return { buffer: memory.buffer(root), offset, size: tensor.bytes };
  return { buffer: memory.bank(placement.bank), offset: placement.offset + offset, size: tensor.bytes };
}
