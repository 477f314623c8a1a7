// Sums and copies on the GPU. f32 addition is exact to the last bit, so the numbers must be equal.

import type { Check } from "../testing/check";
import { floats, newTrial, sum } from "../testing/op-check";
import { add, copy } from "./elementwise";

const shapes = [
  [1, 4],
  [7, 20],
  [65, 132],
  [33, 576],
  [65_537, 4],
] as const;

const everyShape: readonly Check[] = shapes.map(([tokens, cols]) => ({
  name: `add and copy of ${tokens}×${cols} are exact`,
  run(gpu) {
    const [a, b] = [floats(1, tokens * cols), floats(2, tokens * cols)];
    const trial = newTrial(tokens);
    const [first, second] = [
      trial.input("a", [trial.rows, cols], a),
      trial.input("b", [trial.rows, cols], b),
    ];
    const added = trial.input("added", [trial.rows, cols], b);
    const written = trial.output("written", [trial.rows, cols]);
    const rounded = sum(a, b).map(Math.fround);
    trial.expect("a + b", add(trial.tape, first, second), rounded, { limit: 0 });
    copy(trial.tape, first, written);
    copy(trial.tape, first, added, 1);
    trial.expect("copy", written, a, { limit: 0 });
    trial.expect("copy +=", added, rounded, { limit: 0 });
    return trial.run(gpu);
  },
}));

const fromRow: Check = {
  name: "copy from a row on leaves the other rows as they are",
  run(gpu) {
    const [tokens, cols, capacity, firstRow] = [5, 12, 40, 17];
    const a = floats(1, tokens * cols);
    const before = floats(2, capacity * cols);
    const trial = newTrial(tokens);
    const input = trial.input("a", [trial.rows, cols], a);
    const past = trial.value("past", firstRow, capacity);
    const place = (value: (i: number) => number): Float64Array =>
      before.map((old, i) => {
        const at = i - firstRow * cols;
        return at >= 0 && at < a.length ? value(at) : old;
      });
    const written = trial.input("written", [capacity, cols], before);
    const added = trial.input("added", [capacity, cols], before);
    copy(trial.tape, input, written, 0, past);
    copy(trial.tape, input, added, 1, past);
    trial.expect(
      "copy",
      written,
      place((i) => a[i]!),
      { limit: 0 },
    );
    trial.expect(
      "copy +=",
      added,
      place((i) => Math.fround(a[i]! + before[firstRow * cols + i]!)),
      { limit: 0 },
    );
    return trial.run(gpu);
  },
};

const pastOneAxis: Check = {
  name: "copy of more workgroups than one grid axis holds is exact",
  async run(gpu) {
    const cols = 64 * 1024;
    const tokens = (65_536 * 64 * 4) / cols + 1; // 66,560 workgroups of 64 quads
    const a = Float32Array.from({ length: tokens * cols }, (_, i) => i % 8_388_593); // a prime below 2²³
    const trial = newTrial(tokens);
    const written = trial.output("written", [trial.rows, cols]);
    copy(trial.tape, trial.input("a", [trial.rows, cols], a), written);
    trial.expect("copy", written, a, { limit: 0 });
    return trial.run(gpu);
  },
};

export const elementwiseChecks: readonly Check[] = [...everyShape, fromRow, pastOneAxis];
