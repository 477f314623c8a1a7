// Gradient check: a backward rule against central differences of its forward rule, both in float64.
// For outputs o(x) and random cotangents c, the rule claims ∂(Σ c·o)/∂x; the difference quotient of Σ c·o measures it.
// Every element of every input is moved. Knows nothing of ops: it sees two functions over named arrays.

import { assert } from "../core/errors";
import { normalNumbers } from "./numbers";

type Arrays<Name extends string> = Readonly<Record<Name, Float64Array>>;

export interface GradientProblem<Input extends string, Output extends string> {
  /** The point at which to check; never changed. */
  readonly inputs: Arrays<Input>;
  /** The outputs at `inputs`. A scalar output is an array of one. */
  readonly forward: (inputs: Arrays<Input>) => Arrays<Output>;
  /** The gradient of Σ cotangent·output for every input. */
  readonly backward: (inputs: Arrays<Input>, cotangents: Arrays<Output>) => Arrays<Input>;
  /** Inputs whose whole gradient is zero in this problem; any other all-zero gradient fails, as it proves nothing. */
  readonly vanishing?: readonly NoInfer<Input>[];
  /** Seed of the cotangents. */
  readonly seed?: number;
}

export interface GradientReport {
  /** Elements compared. */
  readonly checked: number;
  /** Largest |backward − difference| / max(1, |difference|). */
  readonly worst: number;
}

const STEP = 1e-5;
const TOLERANCE = 1e-6;

/**
 * Compares `backward` with central differences of `forward` (step 1e-5) at every element of every input.
 * Throws at the first element that is off by more than 1e-6·max(1, |g|), naming the input, the index and both values.
 */
export function gradcheck<Input extends string, Output extends string>(
  problem: GradientProblem<Input, Output>,
): GradientReport {
  const { forward, backward, vanishing = [], seed = 1 } = problem;
  const inputs = copyOf(problem.inputs);
  const outputs = forward(inputs);
  const cotangents = mapArrays(outputs, (output, nth) => normalNumbers(seed + nth, output.length));
  const gradients = backward(copyOf(inputs), cotangents);

  let checked = 0;
  let worst = 0;
  for (const name of keysOf(inputs)) {
    const input = inputs[name];
    const gradient = gradients[name];
    assert(gradient instanceof Float64Array, `backward gives no gradient for "${name}"`);
    assert(
      gradient.length === input.length,
      `gradient of "${name}" has ${gradient.length} elements, need ${input.length}`,
    );
    for (let i = 0; i < input.length; i++) {
      const kept = input[i]!;
      const above = kept + STEP;
      const below = kept - STEP;
      input[i] = above;
      const outputsAbove = copyOf(forward(inputs));
      input[i] = below;
      const outputsBelow = forward(inputs);
      input[i] = kept;
      const measured = weightedDifference(outputsAbove, outputsBelow, cotangents) / (above - below);
      const claimed = gradient[i]!;
      const error = Math.abs(claimed - measured) / Math.max(1, Math.abs(measured));
      // Written so that NaN fails.
      if (!(error <= TOLERANCE)) {
        throw new Error(
          `gradient of "${name}" is wrong at index ${i}: backward gives ${claimed}, central difference ${measured}`,
        );
      }
      checked++;
      worst = Math.max(worst, error);
    }
    const isZero = gradient.every((value) => value === 0);
    if (vanishing.includes(name)) {
      assert(isZero, `gradient of "${name}" was said to vanish but has non-zero elements`);
    } else {
      assert(!isZero, `gradient of "${name}" is zero everywhere, so this problem proves nothing about it`);
    }
  }
  return { checked, worst };
}

/** Σ c·(a − b) over all outputs; differences first, so that large sums do not swallow them. */
function weightedDifference<Name extends string>(a: Arrays<Name>, b: Arrays<Name>, c: Arrays<Name>): number {
  let sum = 0;
  for (const name of keysOf(c)) {
    for (let i = 0; i < c[name].length; i++) sum += c[name][i]! * (a[name][i]! - b[name][i]!);
  }
  return sum;
}

function copyOf<Name extends string>(arrays: Arrays<Name>): Record<Name, Float64Array> {
  return mapArrays(arrays, (array) => array.slice());
}

function mapArrays<Name extends string>(
  arrays: Arrays<Name>,
  change: (array: Float64Array, nth: number) => Float64Array,
): Record<Name, Float64Array> {
  const changed = {} as Record<Name, Float64Array>;
  keysOf(arrays).forEach((name, nth) => (changed[name] = change(arrays[name], nth)));
  return changed;
}

function keysOf<Name extends string>(arrays: Arrays<Name>): Name[] {
  return Object.keys(arrays) as Name[];
}
