// Token sequences → micro-batches and optimiser steps. A micro-batch is documents laid end to end: no padding, every
// document knows where it begins, and the last token of one never predicts the first of the next. A plan is a pure
// function of the sequences' lengths, the configuration and the seed; batches are built when a step asks for them, so a
// run can go on from any step.
//
// Steps are counted as transformers counts them: epochs × ceil(micro-batches / accumulation), a short last window being
// a step of its own.

import { layEndToEnd, type Batch, type TokenSequence } from "../core/batch";
import { AppError, assert } from "../core/errors";
import { createRandom } from "../core/random";
import type { RunConfig } from "../core/run-config";

export type BatchConfig = Pick<
  RunConfig,
  | "microBatchSize"
  | "gradientAccumulation"
  | "epochs"
  | "maxSteps"
  | "cutoffLength"
  | "packing"
  | "shuffle"
  | "seed"
>;

export interface BatchPlan {
  /** Optimiser steps of the whole run. */
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly microBatchesPerEpoch: number;
  /** Rows an epoch: sequences, or packed rows of them. */
  readonly rowsPerEpoch: number;
  /** All tokens and all trained tokens of one epoch. */
  readonly tokensPerEpoch: number;
  readonly supervisedPerEpoch: number;
  /** Largest N and largest number of targets of any micro-batch of the run: what the GPU must have room for. */
  readonly largestTokens: number;
  readonly largestSupervised: number;
  /** Indices of the sequences in each micro-batch of optimiser step `step` (0-based), in the order in which they lie. */
  sequencesOfStep(step: number): number[][];
  /** The micro-batches of optimiser step `step` (0-based). */
  batchesOfStep(step: number): Batch[];
}

/** Throws AppError("bad-dataset") when there is nothing to train on. */
export function planBatches(sequences: readonly TokenSequence[], config: BatchConfig): BatchPlan {
  const { microBatchSize, gradientAccumulation } = config;
  if (sequences.length === 0)
    throw new AppError(
      "bad-dataset",
      "no row is left to train on. Look at the listed problems of the dataset.",
    );
  const lengths = sequences.map(({ ids }) => ids.length);
  const supervised = sequences.map((sequence) => countTargets(sequence));
  const rows = config.packing ? packRows(lengths, config.cutoffLength) : lengths.map((_, index) => [index]);
  const microBatchesPerEpoch = Math.ceil(rows.length / microBatchSize);
  const stepsPerEpoch = Math.ceil(microBatchesPerEpoch / gradientAccumulation);
  const steps = config.maxSteps > 0 ? config.maxSteps : Math.ceil(config.epochs * stepsPerEpoch);

  let orderOf = { epoch: -1, microBatches: [] as number[][] };
  const microBatchesOf = (epoch: number): number[][] => {
    if (orderOf.epoch !== epoch) {
      const order = config.shuffle ? createRandom(config.seed, epoch).shuffle([...rows]) : rows;
      orderOf = { epoch, microBatches: inGroups(order, microBatchSize).map((group) => group.flat()) };
    }
    return orderOf.microBatches;
  };
  const sequencesOfStep = (step: number): number[][] => {
    assert(Number.isInteger(step) && step >= 0 && step < steps, `got step ${step}, need 0 to ${steps - 1}`);
    const first = (step % stepsPerEpoch) * gradientAccumulation;
    return microBatchesOf(Math.floor(step / stepsPerEpoch)).slice(first, first + gradientAccumulation);
  };

  let largestTokens = 0;
  let largestSupervised = 0;
  // Without shuffling all epochs are alike.
  const distinctSteps = config.shuffle ? steps : Math.min(steps, stepsPerEpoch);
  for (let step = 0; step < distinctSteps; step++) {
    for (const microBatch of sequencesOfStep(step)) {
      largestTokens = Math.max(largestTokens, sum(microBatch.map((index) => lengths[index]!)));
      largestSupervised = Math.max(largestSupervised, sum(microBatch.map((index) => supervised[index]!)));
    }
  }
  return {
    steps,
    stepsPerEpoch,
    microBatchesPerEpoch,
    rowsPerEpoch: rows.length,
    tokensPerEpoch: sum(lengths),
    supervisedPerEpoch: sum(supervised),
    largestTokens,
    largestSupervised,
    sequencesOfStep,
    batchesOfStep: (step) =>
      sequencesOfStep(step).map((indices) => layEndToEnd(indices.map((index) => sequences[index]!))),
  };
}

/** Sequences in their order, `rowsPerBatch` at a time: for evaluation. */
export function batchesInOrder(sequences: readonly TokenSequence[], rowsPerBatch: number): Batch[] {
  return inGroups(sequences, rowsPerBatch).map(layEndToEnd);
}

/**
 * Holds out a share of the rows: at least one and never all, chosen by the seed, both parts in their old order. Nothing is
 * held out when the share is 0 or there is only one row.
 */
export function splitEvaluation<T>(
  rows: readonly T[],
  share: number,
  seed: number,
): { training: T[]; evaluation: T[] } {
  if (share <= 0 || rows.length < 2) return { training: [...rows], evaluation: [] };
  const count = Math.min(rows.length - 1, Math.max(1, Math.round(rows.length * share)));
  const order = createRandom(seed, splitStream).shuffle(rows.map((_, index) => index));
  const held = new Set(order.slice(0, count));
  return {
    training: rows.filter((_, index) => !held.has(index)),
    evaluation: rows.filter((_, index) => held.has(index)),
  };
}

/** A stream of the seed that no epoch's shuffle uses. */
const splitStream = 0x5eed;

/**
 * Best fit, longest first: each sequence goes into the fullest row that still has room for it. Rows hold at most `capacity`
 * tokens; returns the indices of the sequences in each row. Source: best-fit-decreasing bin packing, as TRL's "bfd".
 */
export function packRows(lengths: readonly number[], capacity: number): number[][] {
  const order = lengths.map((_, index) => index).sort((a, b) => lengths[b]! - lengths[a]! || a - b);
  const rows: number[][] = [];
  /** Rows by the room left in them; among equals the oldest is taken. */
  const withRoom: number[][] = Array.from({ length: capacity + 1 }, () => []);
  for (const index of order) {
    const length = lengths[index]!;
    assert(length <= capacity, `got a sequence of ${length} tokens, need at most ${capacity}`);
    let room = length;
    while (room <= capacity && withRoom[room]!.length === 0) room++;
    let row: number;
    if (room <= capacity) row = withRoom[room]!.shift()!;
    else {
      row = rows.push([]) - 1;
      room = capacity;
    }
    rows[row]!.push(index);
    withRoom[room - length]!.push(row);
  }
  return rows;
}

function countTargets({ ids, trained }: TokenSequence): number {
  let count = 0;
  for (let i = 1; i < ids.length; i++) count += trained[i]!;
  assert(
    count > 0,
    `got a sequence of ${ids.length} tokens with nothing to train, need at least one trained token behind the first`,
  );
  return count;
}

function inGroups<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, group) =>
    items.slice(group * size, (group + 1) * size),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
