// The linear layer with its LoRA branch on the GPU against its float64 reference.

import { tunings } from "../program/tuning";
import { tolerance, type Check } from "../testing/check";
import { hostWeight } from "../testing/host-weight";
import { floats, newTrial, sum, type Trial } from "../testing/op-check";
import { dropoutMask } from "./dropout.ref";
import { linear } from "./linear";
import { linear as reference, linearBackward } from "./linear.ref";
import { roundUp4 } from "./matmul";
import type { WeightFormat } from "./weight";

interface Case {
  readonly tokens: number; // N
  readonly inner: number; // K
  readonly outs: number; // O, a multiple of 4
  readonly format: WeightFormat;
  readonly bias?: boolean;
  readonly rank?: number; // R
  readonly dropout?: number;
  readonly adapter?: keyof typeof tunings;
}

const cases: readonly Case[] = [
  { tokens: 7, inner: 20, outs: 68, format: "f32", bias: true },
  { tokens: 1, inner: 64, outs: 8, format: "bf16", rank: 1 },
  { tokens: 65, inner: 68, outs: 132, format: "bf16", bias: true, rank: 3 },
  { tokens: 65, inner: 68, outs: 132, format: "f16", rank: 16, dropout: 0.3 },
  { tokens: 7, inner: 68, outs: 20, format: "f32", rank: 3, dropout: 0.5, adapter: "gpu" },
  { tokens: 33, inner: 576, outs: 192, format: "bf16", rank: 16 },
];

const scale = 1.25;
const dropoutCounters = { seed: 0xfedc_ba98, stream: 5 };

/** (rows, cols) within (paddedRows, paddedCols), the rest zero. */
function padded(
  values: Float64Array,
  [rows, cols]: readonly [number, number],
  [paddedRows, paddedCols]: readonly [number, number],
): Float64Array {
  const result = new Float64Array(paddedRows * paddedCols);
  for (let row = 0; row < rows; row++) {
    result.set(values.subarray(row * cols, (row + 1) * cols), row * paddedCols);
  }
  return result;
}

function record({ tokens, inner, outs, format, bias, rank, dropout, adapter }: Case): Trial {
  const host = hostWeight("w", format, [outs, inner], { seed: 1 });
  const x = floats(2, tokens * inner);
  const dy = floats(3, tokens * outs);
  const hostBias = bias ? floats(4, outs) : undefined;
  const trial = newTrial(tokens, { tuning: tunings[adapter ?? "software"] });
  const input = trial.watched("x", [trial.rows, inner], x);
  const layer = {
    name: "y",
    weight: trial.weight(host),
    ...(hostBias && { bias: trial.input("bias", [outs], hostBias) }),
  };
  const shape = { tokens, inFeatures: inner, outFeatures: outs, x, weight: host.values, bias: hostBias };
  if (rank === undefined) {
    const y = linear(trial.tape, input, layer);
    trial.expect("y", y, reference(shape).y, { limit: tolerance(inner) });
    trial.backward(y, dy);
    const { dx } = linearBackward({ ...shape, dy });
    trial.expect("dx", trial.tape.gradient(input), dx, { limit: tolerance(outs) });
    return trial;
  }

  const width = roundUp4(rank);
  const a = floats(5, rank * inner, 1 / Math.sqrt(inner));
  const b = floats(6, outs * rank, 1 / Math.sqrt(rank));
  const before = { a: floats(7, rank * inner), b: floats(8, outs * rank) };
  const [sizeA, sizeB] = [[rank, inner] as const, [outs, rank] as const];
  const [wholeA, wholeB] = [[width, inner] as const, [outs, width] as const];
  const [parameterA, parameterB] = trial.parameters([
    {
      name: "A",
      rows: width,
      cols: inner,
      value: padded(a, sizeA, wholeA),
      gradient: padded(before.a, sizeA, wholeA),
    },
    {
      name: "B",
      rows: outs,
      cols: width,
      value: padded(b, sizeB, wholeB),
      gradient: padded(before.b, sizeB, wholeB),
    },
  ]);
  const seed = trial.value("seed", dropoutCounters.seed, 2 ** 32 - 1);
  const y = linear(trial.tape, input, {
    ...layer,
    lora: {
      a: parameterA!,
      b: parameterB!,
      scale,
      ...(dropout && { dropout: { rate: dropout, seed, stream: dropoutCounters.stream } }),
    },
  });
  const mask =
    dropout === undefined
      ? undefined
      : dropoutMask({ probability: dropout, ...dropoutCounters, rows: tokens, columns: inner }).mask;
  const all = { ...shape, lora: { rank, scale, a, b, mask } };
  const { dx, dA, dB } = linearBackward({ ...all, dy });
  // The longest chain of sums: x·Aᵀ over K, then ·Bᵀ over R; backwards dy·B over O, then ·A over R.
  trial.expect("y", y, reference(all).y, { limit: tolerance(inner + rank) });
  trial.backward(y, dy);
  trial.expect("dx", trial.tape.gradient(input), dx, { limit: tolerance(outs + rank) });
  const inside = (width: number, rows: number, cols: number, wanted: boolean) => (got: Float32Array) =>
    got.filter((_, i) => (Math.floor(i / width) < rows && i % width < cols) === wanted);
  const wantA = sum(dA, before.a);
  const wantB = sum(dB, before.b);
  const [gradientA, gradientB] = [parameterA!.gradient, parameterB!.gradient];
  trial.expect("dA", gradientA, wantA, {
    limit: tolerance(outs + tokens),
    select: inside(inner, rank, inner, true),
  });
  trial.expect("dB", gradientB, wantB, {
    limit: tolerance(inner + tokens),
    select: inside(width, outs, rank, true),
  });
  // AdamW would carry any other number into the padded rows and columns.
  const paddingA = new Float64Array((width - rank) * inner);
  const paddingB = new Float64Array((width - rank) * outs);
  trial.expect("padding of dA", gradientA, paddingA, { limit: 0, select: inside(inner, rank, inner, false) });
  trial.expect("padding of dB", gradientB, paddingB, { limit: 0, select: inside(width, outs, rank, false) });
  return trial;
}

export const linearChecks: readonly Check[] = cases.map((layer) => {
  const { tokens, inner, outs, format, bias, rank, dropout, adapter } = layer;
  const extras = [
    bias && "bias",
    rank && `LoRA of rank ${rank}`,
    dropout && `dropout ${dropout}`,
    adapter && `tuned for a ${adapter}`,
  ].filter((extra) => extra);
  return {
    name: `linear ${tokens}×${inner}→${outs} in ${format} with ${extras.join(", ")} agrees forward and backward`,
    run: (gpu) => record(layer).run(gpu),
  };
});
