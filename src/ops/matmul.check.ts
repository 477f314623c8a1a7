// The three matrix products on the GPU, in every variant and weight format, against their float64 references.

import { tunings } from "../program/tuning";
import { tolerance, type Check } from "../testing/check";
import { hostWeight } from "../testing/host-weight";
import { columns, floats, newTrial, type Trial } from "../testing/op-check";
import {
  matmulBackwardInput,
  matmulBackwardWeight,
  matmulForward,
  matmulVariants as variants,
  roundUp4,
  type MatmulVariant,
} from "./matmul";
import * as reference from "./matmul.ref";
import type { WeightFormat } from "./weight";

interface Shape {
  readonly tokens: number; // N
  readonly inner: number; // K
  readonly outs: number; // O
}

const formats = ["f32", "bf16", "f16"] as const;
/** The first two variants meet every format. The others load weights by the same snippets; two formats suffice. */
const formatsOf = (variant: MatmulVariant): readonly WeightFormat[] =>
  variant === "registers" || variant === "shared" ? formats : ["f32", "bf16"];
const scale = 0.625; // exact in f32
/** One row and one quad, one row past a tile, no multiple of any tile, an odd number of outputs below and above 4. */
const shapes: readonly Shape[] = [
  { tokens: 1, inner: 4, outs: 3 },
  { tokens: 7, inner: 68, outs: 65 },
  { tokens: 65, inner: 20, outs: 131 },
];
/** SmolLM2's attention projection: 576 hidden, 192 for keys. */
const realShape: Shape = { tokens: 33, inner: 576, outs: 192 };

/** y = x·Wᵀ; with `extras` y += scale·x·Wᵀ + bias into rows further apart than they need be. */
function expectForward(
  trial: Trial,
  shape: Shape,
  format: WeightFormat,
  variant: MatmulVariant | undefined,
  extras: boolean,
): void {
  const { tokens, inner, outs } = shape;
  const stride = roundUp4(outs) + (extras ? 8 : 0);
  const host = hostWeight("w", format, [outs, inner], { seed: 2 });
  const x = floats(1, tokens * inner);
  const bias = floats(3, outs);
  const before = floats(4, tokens * stride);
  const what = `${extras ? "y += s·x·Wᵀ + b" : "y = x·Wᵀ"} for ${tokens}×${inner}→${outs}`;

  const y = extras
    ? trial.input(what, [trial.rows, stride], before)
    : trial.output(what, [trial.rows, stride]);
  matmulForward(
    trial.tape,
    trial.input("x", [trial.rows, inner], x),
    trial.weight(host),
    y,
    extras
      ? { scale, accumulate: 1, stride, bias: trial.input("bias", [outs], bias), ...(variant && { variant }) }
      : variant && { variant },
  );
  const product = reference.matmulForward({
    tokens,
    inFeatures: inner,
    outFeatures: outs,
    x,
    weight: host.values,
  }).y;
  const want = product.map((value, i) => {
    const [row, out] = [Math.floor(i / outs), i % outs];
    return extras ? before[row * stride + out]! + scale * value + bias[out]! : value;
  });
  trial.expect(what, y, want, { limit: tolerance(inner), select: columns(stride, outs) });
}

/** dx = dy·W; with `extras` dx += scale·dy·W from rows further apart than they need be. */
function expectBackwardInput(
  trial: Trial,
  shape: Shape,
  format: WeightFormat,
  variant: MatmulVariant,
  extras: boolean,
): void {
  const { tokens, inner, outs } = shape;
  const stride = roundUp4(outs) + (extras ? 8 : 0);
  const host = hostWeight("w", format, [outs, inner], { seed: 5 });
  const dy = floats(6, tokens * outs);
  const padded = Float64Array.from({ length: tokens * stride }, (_, i) =>
    i % stride < outs ? dy[Math.floor(i / stride) * outs + (i % stride)]! : 0,
  );
  const before = floats(7, tokens * inner);
  const what = `${extras ? "dx += s·dy·W" : "dx = dy·W"} for ${tokens}×${inner}→${outs}`;

  const dx = extras
    ? trial.input(what, [trial.rows, inner], before)
    : trial.output(what, [trial.rows, inner]);
  const dyTensor = trial.input("dy", [trial.rows, stride], padded);
  const options = extras ? ({ scale, accumulate: 1, stride, variant } as const) : { variant };
  matmulBackwardInput(trial.tape, dyTensor, trial.weight(host), dx, options);
  const product = reference.matmulBackwardInput({
    tokens,
    inFeatures: inner,
    outFeatures: outs,
    dy,
    weight: host.values,
  }).dx;
  const want = extras ? product.map((value, i) => before[i]! + scale * value) : product;
  trial.expect(what, dx, want, { limit: tolerance(outs) });
}

/** dw += scale·dyᵀ·x. */
function expectBackwardWeight(trial: Trial, { tokens, inner, outs }: Shape, variant: MatmulVariant): void {
  const x = floats(8, tokens * inner);
  const dy = floats(9, tokens * outs);
  const stride = roundUp4(outs);
  const padded = Float64Array.from({ length: tokens * stride }, (_, i) =>
    i % stride < outs ? dy[Math.floor(i / stride) * outs + (i % stride)]! : 0,
  );
  const want = floats(10, outs * inner);
  const what = `dw += s·dyᵀ·x for ${tokens}×${inner}→${outs}`;

  const dw = trial.input(what, [outs, inner], want.slice());
  matmulBackwardWeight(
    trial.tape,
    trial.input("dy", [trial.rows, stride], padded),
    trial.input("x", [trial.rows, inner], x),
    dw,
    { scale, variant },
  );
  reference.matmulBackwardWeight({
    tokens,
    inFeatures: inner,
    outFeatures: outs,
    dy: dy.map((value) => scale * value),
    x,
    dWeight: want,
  });
  trial.expect(what, dw, want, { limit: tolerance(tokens) });
}

const tiledChecks: readonly Check[] = variants.flatMap((variant) =>
  formatsOf(variant).map((format) => ({
    name: `matmul from ${variant} with ${format} weights agrees forward and backward, also scaled, accumulated and strided`,
    async run(gpu) {
      const measured = [];
      for (const shape of shapes) {
        const trial = newTrial(shape.tokens);
        for (const extras of [false, true]) {
          expectForward(trial, shape, format, variant, extras);
          expectBackwardInput(trial, shape, format, variant, extras);
        }
        if (format === "f32") expectBackwardWeight(trial, shape, variant);
        measured.push(...(await trial.run(gpu)));
      }
      return measured;
    },
  })),
);

const vectorChecks: readonly Check[] = formats.map((format) => ({
  name: `matmul of so few rows that the vector variant takes them agrees with ${format} weights`,
  async run(gpu) {
    const measured = [];
    for (const tuning of [tunings.software, tunings.gpu]) {
      for (const [tokens, inner, outs] of [
        [1, 4, 3],
        [1, 132, 65],
        [1, 576, 192],
      ] as const) {
        const trial = newTrial(tokens, { tuning }); // planned for 1 + 3 rows: the most that this variant is for
        for (const extras of [false, true])
          expectForward(trial, { tokens, inner, outs }, format, undefined, extras);
        measured.push(...(await trial.run(gpu)));
      }
    }
    return measured;
  },
}));

const realChecks: readonly Check[] = variants.map((variant) => ({
  name: `matmul from ${variant} of a real model's projection agrees whole and, bit for bit, cut into pieces`,
  run(gpu) {
    // Rows for two tiles at least, to cut between. The split variant is for few results; many take it long on a
    // software adapter.
    const shape = variant === "split" ? { ...realShape, outs: 32 } : { ...realShape, tokens: 97 };
    const trial = newTrial(shape.tokens);
    expectForward(trial, shape, "bf16", variant, false);
    expectBackwardInput(trial, shape, "bf16", variant, false);
    expectBackwardWeight(trial, shape, variant);
    return trial.runSplit(gpu, 2e5);
  },
}));

const manyRows: Check = {
  name: "matmul of more than 65,535 rows agrees",
  run(gpu) {
    const shape = { tokens: 65_537, inner: 4, outs: 4 };
    const trial = newTrial(shape.tokens);
    expectForward(trial, shape, "f32", "registers", false);
    expectBackwardInput(trial, shape, "f32", "registers", false);
    expectBackwardWeight(trial, shape, "registers");
    return trial.run(gpu);
  },
};

export const matmulChecks: readonly Check[] = [...tiledChecks, ...vectorChecks, ...realChecks, manyRows];
