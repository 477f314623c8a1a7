import { describe, expect, it } from "vitest";
import { layEndToEnd, NO_TARGET, type TokenSequence } from "../core/batch";
import { createRandom } from "../core/random";
import { defaultRunConfig } from "../core/run-config";
import { batchesInOrder, packRows, planBatches, splitEvaluation, type BatchConfig } from "./batches";

/** A sequence of `length` tokens 100·name, 100·name + 1, …, of which the last `trained` are trained. */
const sequence = (name: number, length: number, trained = length - 1): TokenSequence => ({
  ids: Uint32Array.from({ length }, (_, i) => 100 * name + i),
  trained: Uint8Array.from({ length }, (_, i) => Number(i >= length - trained)),
});
const config = (changes: Partial<BatchConfig>): BatchConfig => ({
  ...defaultRunConfig,
  shuffle: false,
  epochs: 1,
  microBatchSize: 1,
  ...changes,
});
const sequences = (count: number): TokenSequence[] =>
  Array.from({ length: count }, (_, i) => sequence(i, 3 + (i % 4)));
const everySteps = (plan: ReturnType<typeof planBatches>): number[][][] =>
  Array.from({ length: plan.steps }, (_, step) => plan.sequencesOfStep(step));

describe("a micro-batch", () => {
  it("lays documents end to end with their own positions and borders", () => {
    const batch = layEndToEnd([sequence(1, 3, 1), sequence(2, 2, 1)]);
    expect([...batch.tokens]).toEqual([100, 101, 102, 200, 201]);
    expect([...batch.positions]).toEqual([0, 1, 2, 0, 1]);
    expect([...batch.segmentStart]).toEqual([0, 0, 0, 3, 3]);
    expect([...batch.segmentEnd]).toEqual([3, 3, 3, 5, 5]);
    expect([...batch.targets]).toEqual([NO_TARGET, 102, NO_TARGET, 201, NO_TARGET]);
    expect(batch.supervised).toBe(2);
  });

  it("never lets a document's last token predict the next document, nor trains a first token", () => {
    const all = { ids: Uint32Array.of(7, 8), trained: Uint8Array.of(1, 1) };
    const batch = layEndToEnd([all, all]);
    expect([...batch.targets]).toEqual([8, NO_TARGET, 8, NO_TARGET]);
    expect(batch.supervised).toBe(2);
  });

  it("for evaluation keeps the order and has a short last one", () => {
    expect(batchesInOrder(sequences(5), 2).map(({ tokens }) => tokens[0])).toEqual([0, 200, 400]);
  });
});

describe("a plan", () => {
  it.each([
    // rows, micro-batch, accumulation, epochs, maxSteps → steps, as transformers counts them
    [10, 2, 2, 3, 0, 9],
    [10, 4, 2, 1, 0, 2],
    [10, 3, 1, 2, 0, 8],
    [10, 2, 2, 1.5, 0, 5],
    [10, 2, 2, 1, 7, 7],
    [1, 4, 8, 1, 0, 1],
  ])(
    "of %i rows, micro-batches of %i, accumulation %i, %f epochs, limit %i has %i steps",
    (rows, microBatchSize, gradientAccumulation, epochs, maxSteps, steps) => {
      expect(
        planBatches(sequences(rows), config({ microBatchSize, gradientAccumulation, epochs, maxSteps }))
          .steps,
      ).toBe(steps);
    },
  );

  it("replays the file's order without shuffling, with short last micro-batch and window", () => {
    const plan = planBatches(sequences(7), config({ microBatchSize: 2, gradientAccumulation: 3, epochs: 2 }));
    expect(everySteps(plan)).toEqual([
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      [[6]],
      [
        [0, 1],
        [2, 3],
        [4, 5],
      ],
      [[6]],
    ]);
  });

  it("shows every row once an epoch, in an order that changes with the epoch and the seed and stays with them", () => {
    const plan = (seed: number): number[][] => {
      const steps = everySteps(
        planBatches(sequences(20), config({ shuffle: true, microBatchSize: 3, epochs: 2, seed })),
      );
      return [steps.slice(0, 7).flat(2), steps.slice(7).flat(2)];
    };
    const [first, second] = plan(5);
    for (const epoch of [first!, second!])
      expect([...epoch].sort((a, b) => a - b)).toEqual([...sequences(20).keys()]);
    expect(first).not.toEqual(second);
    expect(plan(5)).toEqual([first, second]);
    expect(plan(6)[0]).not.toEqual(first);
  });

  it("gives the same step whatever was asked before it, so that a run can go on from anywhere", () => {
    const make = (): ReturnType<typeof planBatches> =>
      planBatches(sequences(9), config({ shuffle: true, microBatchSize: 2, epochs: 3 }));
    const forward = everySteps(make());
    const backward = make();
    for (let step = forward.length - 1; step >= 0; step--)
      expect(backward.sequencesOfStep(step)).toEqual(forward[step]);
  });

  it("goes round the epochs until maxSteps", () => {
    const plan = planBatches(sequences(3), config({ maxSteps: 8 }));
    expect(everySteps(plan).flat(2)).toEqual([0, 1, 2, 0, 1, 2, 0, 1]);
  });

  it("knows its largest micro-batch without building one", () => {
    for (const packing of [false, true]) {
      const plan = planBatches(
        sequences(23),
        config({ shuffle: true, microBatchSize: 3, epochs: 4, packing, cutoffLength: 12 }),
      );
      const batches = Array.from({ length: plan.steps }, (_, step) => plan.batchesOfStep(step)).flat();
      expect(plan.largestTokens).toBe(Math.max(...batches.map(({ tokens }) => tokens.length)));
      expect(plan.largestSupervised).toBe(Math.max(...batches.map(({ supervised }) => supervised)));
      expect(plan.tokensPerEpoch * 4).toBe(batches.reduce((sum, { tokens }) => sum + tokens.length, 0));
      expect(plan.supervisedPerEpoch * 4).toBe(batches.reduce((sum, { supervised }) => sum + supervised, 0));
    }
  });

  it("refuses to plan nothing, and asserts what tokenising promises", () => {
    expect(() => planBatches([], config({}))).toThrow(expect.objectContaining({ name: "bad-dataset" }));
    expect(() => planBatches([sequence(1, 3, 0)], config({}))).toThrow(/nothing to train/);
    expect(() => planBatches(sequences(2), config({})).sequencesOfStep(2)).toThrow(/need 0 to 1/);
  });
});

describe("packing", () => {
  it("puts each sequence into the fullest row with room, the longest first", () => {
    expect(packRows([6, 2, 5, 3, 4], 10)).toEqual([
      [0, 4],
      [2, 3, 1],
    ]);
    expect(packRows([4, 6, 6, 3], 10)).toEqual([
      [1, 0],
      [2, 3],
    ]);
  });

  it("loses nothing, overfills nothing and needs few rows", () => {
    const random = createRandom(3);
    const lengths = Array.from({ length: 500 }, () => 1 + random.below(100));
    const rows = packRows(lengths, 128);
    expect(rows.flat().sort((a, b) => a - b)).toEqual([...lengths.keys()]);
    const fills = rows.map((row) => row.reduce((sum, index) => sum + lengths[index]!, 0));
    expect(Math.max(...fills)).toBeLessThanOrEqual(128);
    // Best-fit-decreasing needs at most 11/9 of the best possible number of rows, plus 4.
    const least = Math.ceil(lengths.reduce((sum, length) => sum + length, 0) / 128);
    expect(rows.length).toBeLessThanOrEqual((11 / 9) * least + 4);
  });

  it("shuffles whole rows and keeps documents apart", () => {
    const plan = planBatches(
      sequences(40),
      config({ packing: true, cutoffLength: 16, shuffle: true, epochs: 2 }),
    );
    expect(plan.rowsPerEpoch).toBeLessThan(40);
    const [first, second] = [0, plan.stepsPerEpoch].map((from) =>
      everySteps(plan)
        .slice(from, from + plan.stepsPerEpoch)
        .flat(),
    );
    expect(first).not.toEqual(second);
    expect(first!.map(String).sort()).toEqual(second!.map(String).sort());
    const batch = plan.batchesOfStep(0)[0]!;
    batch.tokens.forEach((_, i) => {
      expect(batch.positions[i]).toBe(i - batch.segmentStart[i]!);
      if (i + 1 === batch.segmentEnd[i]) expect(batch.targets[i]).toBe(NO_TARGET);
    });
  });

  it("refuses a sequence that no row can hold", () => {
    expect(() => packRows([11], 10)).toThrow(/11 tokens, need at most 10/);
  });
});

describe("the evaluation split", () => {
  const rows = Array.from({ length: 50 }, (_, i) => i);

  it("holds out the share, keeps the order, loses nothing, and depends on the seed alone", () => {
    const { training, evaluation } = splitEvaluation(rows, 0.1, 1);
    expect(evaluation).toHaveLength(5);
    expect([...training, ...evaluation].sort((a, b) => a - b)).toEqual(rows);
    expect(training).toEqual([...training].sort((a, b) => a - b));
    expect(splitEvaluation(rows, 0.1, 1)).toEqual({ training, evaluation });
    expect(splitEvaluation(rows, 0.1, 2).evaluation).not.toEqual(evaluation);
  });

  it("holds out at least one row and leaves at least one", () => {
    expect(splitEvaluation([1, 2], 0.01, 1).evaluation).toHaveLength(1);
    expect(splitEvaluation([1, 2], 0.99, 1).training).toHaveLength(1);
    expect(splitEvaluation([1], 0.5, 1)).toEqual({ training: [1], evaluation: [] });
    expect(splitEvaluation(rows, 0, 1).evaluation).toEqual([]);
  });
});
