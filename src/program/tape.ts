// The tape: ops append launches to it and leave their backward rules. `backward` replays the rules in reverse and so
// appends the backward launches. Nothing runs here; the result is a flat list of launches over named tensors.
//
// Gradients: the first contribution to a tensor's gradient writes, later ones accumulate; parameters always
// accumulate. A tensor from which no parameter was reached gets no gradient and costs no launch.

import { assert } from "../core/errors";
import type { Kernel } from "../gpu/kernel";
import { createTensor, largestOf, rootOf, within, type Scalar, type Tensor } from "./tensor";
import type { Parameter } from "./parameters";
import { tunings, type Tuning } from "./tuning";

/** One dispatch: a kernel, its tensors in binding order, its uniform fields in order, its workgroup counts. */
export interface Launch {
  readonly kernel: Kernel;
  readonly tensors: readonly Tensor[];
  readonly dims: readonly Scalar[];
  readonly grid: readonly [Scalar, Scalar, Scalar];
  /** Multiply-adds at the largest row counts, 0 where they do not matter. For splitting and for benchmarks. */
  readonly multiplyAdds: number;
  /** The uniform field and grid axis along which this launch may be cut into several. */
  readonly split?: { readonly dim: number; readonly axis: 0 | 1 | 2 };
}

export interface LaunchOptions {
  readonly multiplyAdds?: number;
  /** Name of the u32 field that holds the first workgroup along `axis`; its value must be 0. */
  readonly split?: { readonly field: string; readonly axis: 0 | 1 | 2 };
}

/** What a backward rule may ask for. */
export interface Gradients {
  /** Gradient of an output of the op, complete. */
  of(output: Tensor): Tensor;
  /** Emits the launches that add to the gradient of `input`; skipped where none is needed. */
  contribute(input: Tensor, emit: (gradient: Tensor, accumulate: 0 | 1) => void): void;
  /** Passes `gradient` on to `input` unchanged, without a copy where that is safe. */
  pass(input: Tensor, gradient: Tensor): void;
}

interface Rule {
  readonly outputs: readonly Tensor[];
  readonly run: (gradients: Gradients) => void;
}

/** Writes (accumulate 0) or adds (1) one tensor onto another; an op, given so that the tape knows no shader. */
export type CopyOp = (tape: Tape, from: Tensor, to: Tensor, accumulate: 0 | 1) => void;

export interface TapeOptions {
  readonly tuning?: Tuning;
  /** false records no backward rules: evaluation and generation. */
  readonly training?: boolean;
}

export class Tape {
  readonly launches: Launch[] = [];
  private rules: Rule[] = [];
  private readonly needing = new Set<Tensor>();
  private readonly gradientOf = new Map<Tensor, Tensor>();
  /** Gradient tensor → tensors whose rules have not yet read it. */
  private readonly readers = new Map<Tensor, Set<Tensor>>();

  readonly tuning: Tuning;
  private readonly training: boolean;

  constructor(
    private readonly copy: CopyOp,
    options: TapeOptions = {},
  ) {
    this.tuning = options.tuning ?? tunings.software;
    this.training = options.training ?? true;
  }

  /** A new activation, planned later. */
  tensor(name: string, shape: readonly Scalar[]): Tensor {
    return createTensor(name, shape, "activation");
  }

  /** Appends a launch. `tensors` and `dims` are named as in the shader; a missing or extra name is an error. */
  launch(
    kernel: Kernel,
    tensors: Readonly<Record<string, Tensor>>,
    dims: Readonly<Record<string, Scalar>>,
    grid: readonly [Scalar, Scalar, Scalar],
    options: LaunchOptions = {},
  ): void {
    const names = Object.keys(tensors);
    assert(
      names.length === kernel.bindings.length && kernel.bindings.every((b) => b.name in tensors),
      `kernel ${kernel.label}: got tensors ${names.join(", ")}, need ${kernel.bindings.map((b) => b.name).join(", ")}`,
    );
    const fields = Object.keys(dims);
    assert(
      fields.length === kernel.dims.length && kernel.dims.every((f) => f.name in dims),
      `kernel ${kernel.label}: got dims ${fields.join(", ")}, need ${kernel.dims.map((f) => f.name).join(", ")}`,
    );
    const { split } = options;
    this.launches.push({
      kernel,
      tensors: kernel.bindings.map((b) => tensors[b.name]!),
      dims: kernel.dims.map((f) => dims[f.name]!),
      grid,
      multiplyAdds: options.multiplyAdds ?? 0,
      ...(split && {
        split: { dim: kernel.dims.findIndex((f) => f.name === split.field), axis: split.axis },
      }),
    });
  }

  /** Leaves the backward rule of an op. Outputs need a gradient when an input does or a parameter takes part. */
  rule(
    inputs: readonly Tensor[],
    outputs: readonly Tensor[],
    parameters: readonly Parameter[],
    run: (gradients: Gradients) => void,
  ): void {
    if (!this.training) return;
    if (parameters.length === 0 && !inputs.some((input) => this.needing.has(input))) return;
    for (const output of outputs) this.needing.add(output);
    this.rules.push({ outputs, run });
  }

  needsGradient(tensor: Tensor): boolean {
    return this.needing.has(tensor);
  }

  /**
   * Records `block` and keeps only its input and output (gradient checkpointing): in front of its backward the
   * block is recorded once more.
   */
  checkpoint(input: Tensor, block: (input: Tensor) => Tensor): Tensor {
    const outer = this.rules;
    this.rules = [];
    const output = block(input);
    const trainable = this.rules.length > 0;
    this.rules = outer;
    if (!trainable) return output;
    this.needing.add(output);
    this.rules.push({
      outputs: [output],
      run: (gradients) => {
        const suspended = this.rules;
        this.rules = [];
        const again = block(input);
        const inner = this.rules;
        this.rules = suspended;
        const gradient = gradients.of(output);
        this.readers.get(gradient)?.delete(output);
        this.setGradient(again, gradient);
        this.replay(inner);
      },
    });
    return output;
  }

  /** Asks for the gradient of a tensor that no parameter lies behind (gradient checks). */
  watch(tensor: Tensor): void {
    this.needing.add(tensor);
  }

  /** Appends the backward launches from `output` to the parameters. A loss brings no gradient of its own. */
  backward(output: Tensor, gradient: Tensor = output): void {
    assert(this.needing.has(output), `backward: ${output.name} depends on no parameter`);
    this.setGradient(output, gradient);
    // A given gradient is the caller's: it counts as a reader that never finishes, so nothing is added onto it.
    if (gradient !== output) this.setReader(gradient, gradient);
    const rules = this.rules;
    this.rules = [];
    this.replay(rules);
  }

  /** After `backward`: the gradient of a watched tensor. */
  gradient(tensor: Tensor): Tensor {
    const gradient = this.gradientOf.get(tensor);
    assert(gradient, `gradient of ${tensor.name}: no op contributed to it`);
    return gradient;
  }

  private replay(rules: readonly Rule[]): void {
    for (const rule of [...rules].reverse()) {
      if (!rule.outputs.some((output) => this.gradientOf.has(output))) continue;
      rule.run({
        of: (output) => this.gradient(output),
        contribute: (input, emit) => this.contribute(input, emit),
        pass: (input, gradient) => this.pass(input, gradient),
      });
      for (const output of rule.outputs) {
        const gradient = this.gradientOf.get(output);
        if (gradient) this.readers.get(gradient)?.delete(output);
        this.gradientOf.delete(output);
      }
    }
  }

  private contribute(input: Tensor, emit: (gradient: Tensor, accumulate: 0 | 1) => void): void {
    if (!this.needing.has(input)) return;
    const existing = this.gradientOf.get(input);
    if (!existing) {
      const fresh = this.tensor(`d ${input.name}`, input.shape);
      this.setGradient(input, fresh);
      emit(fresh, 0);
      return;
    }
    emit(this.owned(input, existing), 1);
  }

  private pass(input: Tensor, gradient: Tensor): void {
    if (!this.needing.has(input)) return;
    const existing = this.gradientOf.get(input);
    if (existing) this.copy(this, gradient, this.owned(input, existing), 1);
    else this.setGradient(input, gradient);
  }

  /** The gradient of `input`, safe to add to: split off when another tensor still has to read it. */
  private owned(input: Tensor, gradient: Tensor): Tensor {
    const waiting = this.readers.get(gradient)!;
    if (waiting.size === 1) return gradient;
    const own = this.tensor(`d ${input.name}`, input.shape);
    this.copy(this, gradient, own, 0);
    waiting.delete(input);
    this.setGradient(input, own);
    return own;
  }

  private setGradient(tensor: Tensor, gradient: Tensor): void {
    this.gradientOf.set(tensor, gradient);
    this.setReader(tensor, gradient);
  }

  private setReader(tensor: Tensor, gradient: Tensor): void {
    const readers = this.readers.get(gradient) ?? new Set<Tensor>();
    this.readers.set(gradient, readers.add(tensor));
  }
}

/** Launches that matter: drops those whose every written tensor is never read and not resident. */
export function withoutDeadLaunches(launches: readonly Launch[]): Launch[] {
  const live = new Set<Tensor>();
  const kept: Launch[] = [];
  for (const launch of [...launches].reverse()) {
    const { bindings } = launch.kernel;
    const roots = launch.tensors.map(rootOf);
    const matters = roots.some(
      (t, i) => bindings[i]!.access === "write" && (t.place === "resident" || live.has(t)),
    );
    if (!matters) continue;
    for (const root of roots) live.add(root);
    kept.push(launch);
  }
  return kept.reverse();
}

/** Cuts launches heavier than `limit` multiply-adds along their split axis. */
export function splitHeavyLaunches(launches: readonly Launch[], limit: number): Launch[] {
  return launches.flatMap((launch) => {
    const { split } = launch;
    if (!split || launch.multiplyAdds <= limit) return [launch];
    const groups = largestOf(launch.grid[split.axis]);
    const size = Math.ceil(groups / Math.min(groups, Math.ceil(launch.multiplyAdds / limit)));
    return Array.from({ length: Math.ceil(groups / size) }, (_, piece): Launch => {
      const first = piece * size;
      const grid = [...launch.grid] as [Scalar, Scalar, Scalar];
      grid[split.axis] = within(launch.grid[split.axis], first, size);
      const dims = launch.dims.map((dim, i) => (i === split.dim ? first : dim));
      return { ...launch, grid, dims, multiplyAdds: (launch.multiplyAdds * size) / groups };
    });
  });
}
