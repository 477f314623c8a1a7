// The gate of the MLP on the GPU against its float64 reference.

import { tolerance, type Check } from "../testing/check";
import { floats, newTrial } from "../testing/op-check";
import type { Activation } from "./activation";
import { gatedMlp } from "./gated-mlp";
import { gatedMlp as reference, gatedMlpBackward } from "./gated-mlp.ref";

function check(
  name: string,
  tokens: number,
  width: number,
  gate: Float64Array,
  limit: number,
  { floor, kind }: { readonly floor?: number; readonly kind?: Activation } = {},
): Check {
  return {
    name,
    run(gpu) {
      const size = tokens * width;
      const [up, dh] = [floats(2, size), floats(3, size)];
      const trial = newTrial(tokens);
      const gateTensor = trial.watched("gate", [trial.rows, width], gate);
      const upTensor = trial.watched("up", [trial.rows, width], up);
      const y = gatedMlp(trial.tape, gateTensor, upTensor, kind);
      const by = floor === undefined ? { limit } : { limit, floor };
      trial.expect("h", y, reference({ gate, up, kind }).h, by);
      trial.backward(y, dh);
      const { dGate, dUp } = gatedMlpBackward({ gate, up, kind, dh });
      trial.expect("dgate", trial.tape.gradient(gateTensor), dGate, by);
      trial.expect("dup", trial.tape.gradient(upTensor), dUp, by);
      return trial.run(gpu);
    },
  };
}

/** WGSL allows exp(x) an error of 3 + 2·|x| units in the last place; each unit is 2ε. */
const limitUpTo = (largest: number): number => tolerance(4) + (3 + 2 * largest) * 2 ** -23;

const sizes = [
  [1, 4],
  [7, 20],
  [65, 132],
  [33, 1536],
  [65_537, 4],
] as const;

/** σ is 1 to the last bit on one side and vanishes on the other; the exponent must overflow on neither. */
const extremes = Float64Array.of(
  100,
  -100,
  88,
  -88,
  80,
  -80,
  79.5,
  -79.5,
  200,
  -200,
  1e30,
  -1e30,
  0,
  17,
  -17,
  1e-30,
);

export const gatedMlpChecks: readonly Check[] = [
  ...sizes.map(([tokens, width]) =>
    check(
      `gated MLP of ${tokens}×${width} agrees forward and backward`,
      tokens,
      width,
      floats(1, tokens * width, 2),
      limitUpTo(10),
    ),
  ),
  ...sizes.map(([tokens, width]) =>
    check(
      `GeGLU of ${tokens}×${width} agrees forward and backward`,
      tokens,
      width,
      floats(1, tokens * width, 2),
      limitUpTo(10),
      { kind: "gelu-tanh" },
    ),
  ),
  check("GeGLU of gates of 1e30 agrees and stays finite", 1, 16, extremes, limitUpTo(17), {
    kind: "gelu-tanh",
  }),
  // Without the two of size 1e30 the norm is that of the hundreds, so every other element is seen too.
  check(
    "gated MLP of gates of hundreds agrees and stays finite",
    1,
    12,
    extremes.filter((gate) => Math.abs(gate) < 1e30).slice(0, 12),
    limitUpTo(17),
  ),
  check("gated MLP of gates of 1e30 agrees and stays finite", 1, 16, extremes, limitUpTo(17)),
  check(
    "gated MLP of very negative gates is nothing",
    1,
    8,
    Float64Array.of(-80, -81, -88, -89, -100, -104, -200, -1000),
    limitUpTo(17),
    { floor: 1 }, // the results lie below the smallest normal f32: only that they are nothing beside 1 is asked
  ),
];
