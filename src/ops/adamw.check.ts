// Gradient norm, clipping and AdamW on the GPU against their float64 reference, over several steps.

import { layOutParameters } from "../program/parameters";
import { compare, runTape, tolerance, type Check, type Measured } from "../testing/check";
import { floats } from "../testing/op-check";
import { adamw } from "./adamw";
import { clippedAdamw, clipCoefficient, type AdamwState } from "./adamw.ref";
import { declareReport, reportFields } from "./cross-entropy";
import { copy, newTape } from "./elementwise";
import { resident, type Tensor } from "../program/tensor";

const settings = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };
const weightDecay = 0.1;
/** So large that every part of the update shows in f32. */
const learningRate = 0.05;

interface Case {
  readonly name: string;
  readonly elements: number;
  readonly maxGradientNorm: number;
  /** What to plant in the gradient of the second of three steps. */
  readonly planted?: number;
  /** Loss sum in the report; not a number when the forward pass broke. */
  readonly lossSum?: number;
  /** Factor of the second gradient. */
  readonly gradientScale?: number;
}

const cases: readonly Case[] = [
  { name: "without clipping", elements: 640, maxGradientNorm: 0 },
  { name: "clipped", elements: 8640, maxGradientNorm: 1 },
  { name: "inside the largest norm", elements: 640, maxGradientNorm: 1e6 },
  { name: "of more elements than one workgroup sums", elements: 4096 * 70 + 64, maxGradientNorm: 2 },
  { name: "with a NaN gradient in one step", elements: 8640, maxGradientNorm: 1, planted: NaN },
  { name: "with an infinite gradient in one step", elements: 8640, maxGradientNorm: 1, planted: Infinity },
  { name: "with a negative infinity and no clipping", elements: 640, maxGradientNorm: 0, planted: -Infinity },
  { name: "with a gradient whose square overflows", elements: 640, maxGradientNorm: 1, planted: 1e20 },
  { name: "with a loss that is not finite", elements: 640, maxGradientNorm: 1, lossSum: Infinity },
];

/** The step that a fault is planted in: the second of 1, 2, 3. */
const FAULTY = 2;

async function run(gpu: Parameters<Check["run"]>[0], given: Case): Promise<Measured[]> {
  const { elements, maxGradientNorm, planted, lossSum = 1 } = given;
  const parameters = layOutParameters([{ name: "p", rows: 1, cols: elements }]);
  const gradients = [1, 2, 3].map((step) => {
    const gradient = floats(10 + step, elements, 0.5);
    if (step === FAULTY && planted !== undefined) gradient[elements - 3] = planted;
    return gradient;
  });
  let state: AdamwState = {
    parameters: floats(1, elements),
    firstMoment: floats(2, elements, 0.1),
    secondMoment: floats(3, elements, 0.1).map(Math.abs),
  };

  const tape = newTape();
  const inputs = new Map<Tensor, ArrayLike<number>>([
    [parameters.values, state.parameters],
    [parameters.moment1, state.firstMoment],
    [parameters.moment2, state.secondMoment],
    [parameters.gradients, gradients[0]!],
  ]);
  const reports: Tensor[] = [];
  const wantReports: number[][] = [];
  [1, 2, 3].forEach((step) => {
    if (step > 1) {
      // Added, not copied: a step must have cleared the gradient of the one before, even where it was not finite.
      const next = resident(`gradient ${step}`, [elements]);
      inputs.set(next, gradients[step - 1]!);
      copy(tape, next, parameters.gradients, 1);
    }
    const [biasCorrection1, biasCorrection2] = [1 - settings.beta1 ** step, 1 - settings.beta2 ** step];
    const report = declareReport();
    const stepLoss = step === FAULTY ? lossSum : 1;
    inputs.set(report, [stepLoss, 2, 3, 0, 0, 0, 0, 0]);
    reports.push(report);
    adamw(tape, parameters, report, {
      ...settings,
      maxGradientNorm,
      decay: 1 - learningRate * weightDecay,
      stepSize: learningRate / biasCorrection1,
      rootCorrection: Math.sqrt(biasCorrection2),
    });

    const want = clippedAdamw({
      ...state,
      ...settings,
      gradient: gradients[step - 1]!,
      learningRate,
      weightDecay,
      biasCorrection1,
      biasCorrection2,
      maxNorm: maxGradientNorm,
    });
    // In f32 a square above 3.4e38 counts as not finite; see adamw.ref.ts.
    const finite = want.finite && want.norm < 1.8e19 && Number.isFinite(stepLoss);
    if (finite) state = want;
    wantReports.push(finite ? [want.norm, clipCoefficient({ ...want, maxNorm: maxGradientNorm }), 0] : [1]);
  });

  const { values, moment1, moment2, gradients: cleared } = parameters;
  const outputs = [values, moment1, moment2, cleared, ...reports];
  const [p, m, v, g, ...gotReports] = await runTape(gpu, tape, { inputs, outputs });
  const { gradientNorm, clip, nonFinite } = reportFields;
  // A lane sums 16 quads, or 2 partials, one after the other; a tree over 64 lanes follows.
  const normLimit = tolerance(64 + 6);
  return [
    // Three steps of a handful of roundings each.
    compare("parameters", p!, state.parameters, tolerance(3 * 6)),
    compare("first moment", m!, state.firstMoment, tolerance(3 * 6) + normLimit),
    compare("second moment", v!, state.secondMoment, tolerance(3 * 6) + 2 * normLimit),
    compare("cleared gradient", g!, new Float64Array(elements), 0),
    ...gotReports.map((got, i) => {
      const want = wantReports[i]!;
      const kept = want.length === 1 ? [got[nonFinite]!] : [got[gradientNorm]!, got[clip]!, got[nonFinite]!];
      return compare(`report of step ${i + 1}`, kept, want, want.length === 1 ? 0 : normLimit);
    }),
    ...gotReports.map((got, i) =>
      compare(`loss fields of report ${i + 1}`, [got[1]!, got[2]!, got[6]!, got[7]!], [2, 3, 0, 0], 0),
    ),
  ];
}

export const adamwChecks: readonly Check[] = cases.map((given) => ({
  name: `three steps of AdamW ${given.name} agree`,
  run: (gpu) => run(gpu, given),
}));
