// LayerNorm on the GPU against its float64 reference.

import { tunings } from "../program/tuning";
import { tolerance, type Check } from "../testing/check";
import { floats, newTrial, sum } from "../testing/op-check";
import { add } from "./elementwise";
import { layerNorm } from "./layer-norm";
import { layerNorm as reference, layerNormBackward } from "./layer-norm.ref";

const epsilon = 1e-5;
/** (tokens, hidden, mean of x in standard deviations): as RMSNorm's shapes, and rows far from 0. */
const shapes = [
  [1, 64, 0],
  [7, 4, 0],
  [65, 132, 0],
  [33, 768, 0],
  [9, 64, 100],
  [65_537, 4, 0],
] as const;

export const layerNormChecks: readonly Check[] = shapes.flatMap(([tokens, hidden, mean]) =>
  (tokens < 100 ? (["software", "gpu"] as const) : (["software"] as const)).map((adapter) => ({
    name: `layer-norm of ${tokens}×${hidden}${mean ? ` about ${mean}` : ""} with ${tunings[adapter].rowLanes} lanes a row agrees forward and backward`,
    run(gpu) {
      const shape = { tokens, hidden, epsilon };
      const size = tokens * hidden;
      const x = floats(1, size).map((value) => Math.fround(value + mean));
      const host = { x, weight: floats(2, hidden), bias: floats(3, hidden), dy: floats(4, size) };
      // The rounding of the mean, as large as x, is what the deviations from it are off by.
      const limit = Math.max(1, mean) * tolerance(hidden);

      const trial = newTrial(tokens, { tuning: tunings[adapter] });
      const input = trial.watched("x", [trial.rows, hidden], host.x);
      const weight = {
        tensor: trial.input("w", [hidden], host.weight),
        bias: trial.input("b", [hidden], host.bias),
      };
      const y = layerNorm(trial.tape, input, weight, epsilon);
      trial.expect("y", y, reference({ ...shape, ...host }).y, { limit });
      // Beside a residual, so that the gradient is added to one that is there.
      const whole = add(trial.tape, y, input);
      trial.backward(whole, host.dy);
      const { dx } = layerNormBackward({ ...shape, ...host });
      trial.expect("dx", trial.tape.gradient(input), sum(dx, host.dy), { limit });
      return trial.run(gpu);
    },
  })),
);
