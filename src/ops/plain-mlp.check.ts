// The activation of an MLP without a gate on the GPU against its float64 reference.

import { tolerance, type Check } from "../testing/check";
import { floats, newTrial } from "../testing/op-check";
import type { Activation } from "./activation";
import { activated, activationBackward } from "./activation.ref";
import { plainMlp } from "./plain-mlp";

const kinds: readonly Activation[] = ["gelu", "gelu-tanh", "silu"];

/** (tokens, width, spread of x): near 0, where the series rule, and far from it. */
const sizes = [
  [1, 4, 1],
  [7, 20, 0.01],
  [65, 132, 1],
  [33, 1536, 4],
  [65_537, 4, 2],
] as const;

/** Sums and products of a handful of terms, and exp, which WGSL allows 3 + 2·|x| units in the last place. */
const limit = tolerance(8) + (3 + 2 * 10) * 2 ** -23;

function check(name: string, kind: Activation, tokens: number, width: number, x: Float64Array): Check {
  return {
    name,
    run(gpu) {
      const dy = floats(2, tokens * width);
      const trial = newTrial(tokens);
      const input = trial.watched("x", [trial.rows, width], x);
      const y = plainMlp(trial.tape, input, kind);
      trial.expect(
        "y",
        y,
        x.map((value) => activated(kind, value)),
        { limit },
      );
      trial.backward(y, dy);
      trial.expect("dx", trial.tape.gradient(input), activationBackward(kind, x, dy), { limit });
      return trial.run(gpu);
    },
  };
}

/** Where exponentials and cubes leave the range of f32. */
const extremes = Float64Array.of(100, -100, 12, -12, 1e15, -1e15, 0, 1e-20);

export const plainMlpChecks: readonly Check[] = kinds.flatMap((kind) => [
  ...sizes.map(([tokens, width, spread]) =>
    check(
      `${kind} of ${tokens}×${width} about ${spread} agrees forward and backward`,
      kind,
      tokens,
      width,
      floats(1, tokens * width, spread),
    ),
  ),
  check(`${kind} of large numbers agrees and stays finite`, kind, 1, 8, extremes),
]);
