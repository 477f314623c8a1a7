// Rotary position embedding on the GPU against its float64 reference.

import { tolerance, type Check } from "../testing/check";
import { documentsOf } from "../testing/numbers";
import { floats, newTrial } from "../testing/op-check";
import { rope, rotateInto } from "./rope";
import { rope as reference, ropeBackward } from "./rope.ref";

/** Two products and a sum. */
const limit = tolerance(2);

/** (cos, sin) of plausible angles, and the same numbers interleaved as the kernel reads them. */
function tables(
  positions: number,
  half: number,
): { cos: Float64Array; sin: Float64Array; both: Float64Array } {
  const angles = Float64Array.from({ length: positions * half }, (_, i) => {
    return Math.floor(i / half) * 10_000 ** (-(i % half) / half);
  });
  const cos = angles.map((angle) => Math.fround(Math.cos(angle)));
  const sin = angles.map((angle) => Math.fround(Math.sin(angle)));
  return {
    cos,
    sin,
    both: Float64Array.from({ length: 2 * angles.length }, (_, i) => (i % 2 ? sin : cos)[i >> 1]!),
  };
}

/**
 * (document lengths, heads, head size, part that is rotated): H of a real model, an odd number of heads, one pair, many
 * rows; a quarter of each head, as in Pythia, and of six elements of twenty.
 */
const cases: readonly (readonly [readonly number[], number, number, number?, boolean?])[] = [
  [[1], 1, 4],
  [[7], 3, 20],
  [[5, 31, 29], 9, 64],
  [[65_537], 1, 4],
  [[5, 31], 3, 64, 16],
  [[7], 2, 20, 6],
  [[5, 8], 3, 20, 20, true],
  [[5, 31], 2, 64, 24, true],
];

const inTraining: readonly Check[] = cases.map(([lengths, heads, headSize, rotated, interleaved]) => {
  const { positions } = documentsOf(lengths);
  const tokens = positions.length;
  const part = `${rotated ? `, ${rotated} of them` : ""}${interleaved ? " in neighbouring pairs" : ""}`;
  const half = (rotated ?? headSize) / 2;
  return {
    name: `rope of ${tokens} tokens in ${lengths.length} documents, ${heads} heads of ${headSize}${part}, agrees forward and backward`,
    run(gpu) {
      const table = tables(Math.max(...lengths), half);
      const size = tokens * heads * headSize;
      const [x, dy] = [floats(1, size), floats(2, size)];
      const trial = newTrial(tokens);
      const inputs = {
        positions: trial.input("positions", [trial.rows], positions),
        table: trial.input("table", [Math.max(...lengths), half, 2], table.both),
        interleaved,
      };
      const input = trial.watched("x", [trial.rows, heads, headSize], x);
      const y = rope(trial.tape, input, inputs);
      const shape = { heads, headSize, rotated, interleaved, positions, ...table };
      trial.expect("y", y, reference({ ...shape, x }).y, { limit });
      trial.backward(y, dy);
      trial.expect("dx", trial.tape.gradient(input), ropeBackward({ ...shape, dy }).dx, { limit });
      return trial.run(gpu);
    },
  };
});

const intoCache: Check = {
  name: "rope into a key cache writes the rows from the first on and no other",
  run(gpu) {
    const [tokens, heads, headSize, capacity, firstRow] = [5, 2, 8, 40, 17];
    const positions = Uint32Array.from({ length: tokens }, (_, n) => firstRow + n);
    const table = tables(capacity, headSize / 2);
    const x = floats(1, tokens * heads * headSize);
    const cache = floats(2, capacity * heads * headSize);
    const trial = newTrial(tokens);
    const y = trial.input("cache", [capacity, heads, headSize], cache);
    rotateInto(
      trial.tape,
      trial.input("x", [trial.rows, heads, headSize], x),
      {
        positions: trial.input("positions", [trial.rows], positions),
        table: trial.input("table", [capacity, headSize / 2, 2], table.both),
      },
      y,
      1,
      trial.value("past", firstRow, capacity),
    );
    const rotated = reference({ heads, headSize, positions, ...table, x }).y;
    const begin = firstRow * heads * headSize;
    const rest = cache.filter((_, i) => i < begin || i >= begin + rotated.length);
    trial.expect("rotated rows", y, rotated, {
      limit,
      select: (got) => got.slice(begin, begin + rotated.length),
    });
    trial.expect("other rows", y, rest, {
      limit: 0,
      select: (got) => got.filter((_, i) => i < begin || i >= begin + rotated.length),
    });
    return trial.run(gpu);
  },
};

export const ropeChecks: readonly Check[] = [...inTraining, intoCache];
