// Short form for checks of ops: declare inputs with their contents, record the op, say what is expected, run.
// A trial owns one tape; what it runs on and how results are compared is runTape's business (check.ts).

import { assert } from "../core/errors";
import type { Gpu } from "../gpu/device";
import { copy, newTape } from "../ops/elementwise";
import type { Weight } from "../ops/weight";
import { layOutParameters, type Parameter } from "../program/parameters";
import { compile, type CompileOptions } from "../program/program";
import type { Tape, TapeOptions } from "../program/tape";
import { resident, rowLength, value, type Quantity, type Scalar, type Tensor } from "../program/tensor";
import { compare, runTape, type Measured } from "./check";
import type { HostWeight } from "./host-weight";
import { normalNumbers, roundedTo } from "./numbers";

/** Rows that every tensor has behind those in use. */
const SPARE_ROWS = 3;

export interface ParameterContents {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  /** (rows, cols) */
  readonly value: ArrayLike<number>;
  /** (rows, cols), what the gradient is added to; zeros when absent */
  readonly gradient?: ArrayLike<number>;
}

export interface Expectation {
  /** Largest ‖difference‖ / ‖want‖; 0 asks for equal numbers. */
  readonly limit: number;
  /** Least norm of want, where its terms cancel. */
  readonly floor?: number;
  /** The part of the tensor that is compared; all of its live rows when absent. */
  readonly select?: (got: Float32Array) => ArrayLike<number>;
}

export interface Trial {
  readonly tape: Tape;
  /** N: `tokens` in the run, planned for a few more. */
  readonly rows: Quantity;
  /** Another number of the run, planned for a few more than it is. */
  value(name: string, now: number, largest?: number): Quantity;
  /** A resident tensor with these contents. */
  input(name: string, shape: readonly Scalar[], contents: ArrayLike<number>): Tensor;
  /** A frozen weight with its contents, however many tensors it lies in. */
  weight(host: HostWeight): Weight;
  /** A resident tensor whose gradient is wanted. */
  watched(name: string, shape: readonly Scalar[], contents: ArrayLike<number>): Tensor;
  /** Trainable parameters, laid out one behind the other. Once a trial. */
  parameters(contents: readonly ParameterContents[]): readonly Parameter[];
  /** A resident tensor without contents. */
  output(name: string, shape: readonly Scalar[]): Tensor;
  /** Records the backward pass from `output` with the gradient `contents`. */
  backward(output: Tensor, contents: ArrayLike<number>): void;
  /** Compares a tensor as it is at this point of the tape (an activation) or at its end (a resident one). */
  expect(what: string, tensor: Tensor, want: ArrayLike<number>, expectation: Expectation): void;
  run(gpu: Gpu): Promise<Measured[]>;
  /** As `run`, and with heavy launches cut: the results must be those of whole launches to the last bit. */
  runSplit(gpu: Gpu, multiplyAddsPerLaunch: number): Promise<Measured[]>;
}

/** A trial with N = `tokens`. */
export function newTrial(tokens: number, options: TapeOptions = {}): Trial {
  const tape = newTape(options);
  const values: Record<string, number> = {};
  const inputs = new Map<Tensor, ArrayLike<number>>();
  const expected: { what: string; output: Tensor; want: ArrayLike<number>; by: Expectation }[] = [];

  const addValue: Trial["value"] = (name, now, largest = now + SPARE_ROWS) => {
    values[name] = now;
    return value(name, largest);
  };
  const rows = addValue("rows", tokens);
  const input: Trial["input"] = (name, shape, contents) => {
    const tensor = resident(name, shape);
    inputs.set(tensor, contents);
    return tensor;
  };
  const execute = (gpu: Gpu, compileOptions: CompileOptions = {}): Promise<Float32Array[]> =>
    runTape(gpu, tape, { values, inputs, outputs: expected.map(({ output }) => output), compileOptions });

  const measure = (outputs: readonly Float32Array[]): Measured[] =>
    expected.map(({ what, want, by: { select, limit, floor } }, i) =>
      compare(what, select ? select(outputs[i]!) : outputs[i]!, want, limit, floor),
    );

  return {
    tape,
    rows,
    value: addValue,
    input,
    weight({ weight, parts }) {
      for (const [tensor, contents] of parts) inputs.set(tensor, contents);
      return weight;
    },
    watched(name, shape, contents) {
      const tensor = input(name, shape, contents);
      tape.watch(tensor);
      return tensor;
    },
    parameters(contents) {
      const { list } = layOutParameters(contents);
      contents.forEach(({ rows, cols, value, gradient }, i) => {
        inputs.set(list[i]!.value, value);
        inputs.set(list[i]!.gradient, gradient ?? new Float64Array(rows * cols));
      });
      return list;
    },
    output: resident,
    backward(output, contents) {
      tape.backward(output, input(`d ${output.name}`, output.shape, contents));
    },
    expect(what, tensor, want, by) {
      let output = tensor;
      if (tensor.place === "activation") {
        assert(rowLength(tensor) % 4 === 0, `${what}: got rows of ${rowLength(tensor)}, need whole quads`);
        output = resident(what, tensor.shape);
        copy(tape, tensor, output);
      }
      expected.push({ what, output, want, by });
    },
    async run(gpu) {
      return measure(await execute(gpu));
    },
    async runSplit(gpu, multiplyAddsPerLaunch) {
      const [whole, cut] = [compile(tape), compile(tape, { multiplyAddsPerLaunch })];
      assert(cut.launches.length > whole.launches.length, "no launch was heavy enough to be cut");
      const want = await execute(gpu);
      const got = await execute(gpu, { multiplyAddsPerLaunch });
      const pieces = expected.map(({ what }, i) => compare(`${what} in pieces`, got[i]!, want[i]!, 0));
      return [...measure(want), ...pieces];
    },
  };
}

/** `length` normal numbers that f32 holds exactly. */
export function floats(seed: number, length: number, scale = 1): Float64Array {
  return roundedTo("f32", normalNumbers(seed, length, scale));
}

/** a + b, element by element. */
export function sum(a: Float64Array, b: ArrayLike<number>): Float64Array {
  return a.map((value, i) => value + b[i]!);
}

/** The first `count` of each row of `width` elements. */
export function columns(width: number, count: number): (got: Float32Array) => Float32Array {
  return (got) => got.filter((_, i) => i % width < count);
}
