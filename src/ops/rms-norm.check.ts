// RMSNorm on the GPU against its float64 reference.

import { tunings } from "../program/tuning";
import { tolerance, type Check } from "../testing/check";
import { floats, newTrial, sum } from "../testing/op-check";
import { rmsNorm } from "./rms-norm";
import { rmsNorm as reference, rmsNormBackward } from "./rms-norm.ref";

const epsilon = 1e-5;
/** (tokens, hidden): one row, odd rows, a width of one quad, a real model's, more rows than one grid axis holds. */
const shapes = [
  [1, 64],
  [7, 4],
  [65, 132],
  [33, 576],
  [65_537, 4],
] as const;

/** (tokens, heads, size of a head). */
const headShapes = [
  [7, 3, 20],
  [33, 2, 64],
] as const;

const perHead: readonly Check[] = headShapes.map(([tokens, heads, size]) => ({
  name: `rms-norm of each of ${heads} heads of ${size} in ${tokens} rows agrees forward and backward`,
  run(gpu) {
    const shape = { tokens: tokens * heads, hidden: size, epsilon };
    const count = tokens * heads * size;
    const host = { x: floats(1, count), weight: floats(2, size), dy: floats(3, count) };
    const trial = newTrial(tokens);
    const x = trial.watched("x", [trial.rows, heads, size], host.x);
    const y = rmsNorm(trial.tape, x, { tensor: trial.input("w", [size], host.weight) }, epsilon);
    trial.expect("y", y, reference({ ...shape, ...host }).y, { limit: tolerance(size) });
    trial.backward(y, host.dy);
    const { dx } = rmsNormBackward({ ...shape, ...host });
    trial.expect("dx", trial.tape.gradient(x), dx, { limit: tolerance(size) });
    return trial.run(gpu);
  },
}));

const ofRows: readonly Check[] = shapes.flatMap(([tokens, hidden]) =>
  // More lanes change nothing but the order of a row's sum; on tens of thousands of rows they only cost time.
  (tokens < 100 ? (["software", "gpu"] as const) : (["software"] as const)).map((adapter) => ({
    name: `rms-norm of ${tokens}×${hidden} with ${tunings[adapter].rowLanes} lanes a row agrees forward and backward`,
    run(gpu) {
      const shape = { tokens, hidden, epsilon };
      const size = tokens * hidden;
      const host = { x: floats(1, size), weight: floats(2, hidden), dy: floats(3, size) };
      const before = floats(4, hidden);

      const trial = newTrial(tokens, { tuning: tunings[adapter] });
      const x = trial.watched("x", [trial.rows, hidden], host.x);
      const [parameter] = trial.parameters([
        { name: "w", rows: 1, cols: hidden, value: host.weight, gradient: before },
      ]);
      const y = rmsNorm(trial.tape, x, { tensor: parameter!.value, parameter: parameter! }, epsilon);
      trial.expect("y", y, reference({ ...shape, ...host }).y, { limit: tolerance(hidden) });
      trial.backward(y, host.dy);
      const { dx, dWeight } = rmsNormBackward({ ...shape, ...host });
      trial.expect("dx", trial.tape.gradient(x), dx, { limit: tolerance(hidden) });
      trial.expect("dw", parameter!.gradient, sum(dWeight, before), { limit: tolerance(tokens) });
      return trial.run(gpu);
    },
  })),
);

export const rmsNormChecks: readonly Check[] = [...ofRows, ...perHead];
