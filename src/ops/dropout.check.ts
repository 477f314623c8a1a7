// Dropout on the GPU against its reference: the mask must be the same to the last element.

import { tolerance, type Check } from "../testing/check";
import { floats, newTrial, sum } from "../testing/op-check";
import { dropoutInto } from "./dropout";
import { dropoutMask } from "./dropout.ref";

/** (rows, columns, rate, seed, stream) */
const cases = [
  [1, 4, 0.5, 0, 0],
  [7, 20, 0.1, 42, 3],
  [65, 132, 0.25, 0xffff_ffff, 200],
  [33, 576, 0.05, 0x8000_0001, 7],
  [65, 20, 0, 42, 3],
  [65, 20, 0.999, 42, 3],
  [65_537, 4, 0.5, 1, 1],
] as const;

export const dropoutChecks: readonly Check[] = cases.map(([tokens, cols, rate, seed, stream]) => ({
  name: `dropout ${rate} of ${tokens}×${cols} with seed ${seed} and stream ${stream} has the reference's mask`,
  run(gpu) {
    const { mask } = dropoutMask({ probability: rate, seed, stream, rows: tokens, columns: cols });
    // No input is 0, so that an element of the result is 0 exactly where it was dropped.
    const x = floats(1, tokens * cols).map((value) => (value === 0 ? 1 : value));
    const before = floats(2, tokens * cols);
    const trial = newTrial(tokens);
    const input = trial.input("x", [trial.rows, cols], x);
    const dropout = { rate, seed: trial.value("seed", seed, 2 ** 32 - 1), stream };
    const written = trial.output("written", [trial.rows, cols]);
    const added = trial.input("added", [trial.rows, cols], before);
    dropoutInto(trial.tape, input, dropout, written);
    dropoutInto(trial.tape, input, dropout, added, 1);
    const want = x.map((value, i) => value * mask[i]!);
    trial.expect("mask", written, mask.map(Math.sign), {
      limit: 0,
      select: (got) => got.map((value) => (value === 0 ? 0 : 1)),
    });
    // One product, with a factor 1/(1 − p) that is itself rounded.
    trial.expect("y", written, want, { limit: tolerance(1) });
    trial.expect("y +=", added, sum(want, before), { limit: tolerance(1) });
    return trial.run(gpu);
  },
}));
