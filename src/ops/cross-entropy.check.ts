// Head projection and cross-entropy on the GPU against its float64 reference, in one chunk and in many.

import { NO_TARGET } from "../core/batch";
import { tunings } from "../program/tuning";
import { tolerance, type Check } from "../testing/check";
import { hostWeight, type HostWeight } from "../testing/host-weight";
import { seededNumbers } from "../testing/numbers";
import { floats, newTrial, type Trial } from "../testing/op-check";
import { defaultLossChunks, linearCrossEntropy, reportFields, type LossChunks } from "./cross-entropy";
import { linearCrossEntropy as reference, linearCrossEntropyBackward } from "./cross-entropy.ref";
import type { WeightFormat } from "./weight";

interface Problem {
  readonly hidden: number; // C
  readonly vocabulary: number; // V
  readonly x: Float64Array; // (N,C)
  readonly targets: Uint32Array; // (N)
  readonly head: HostWeight;
  readonly bias?: Float64Array; // (V)
  readonly cap?: number;
}

interface Settings {
  readonly chunks: LossChunks;
  readonly adapter?: keyof typeof tunings;
  /** What the report holds; absent: the report is cleared first. */
  readonly before?: readonly number[];
  /** false records a tape without gradients. */
  readonly training?: boolean;
}

/** 1 / labelled tokens of some accumulation window; a quantity of the run. */
const scale = 1 / 37;

function record(problem: Problem, settings: Settings): Trial {
  const { hidden, vocabulary, x, targets, head, bias, cap } = problem;
  const { chunks, adapter = "software", before, training = true } = settings;
  const tokens = targets.length;
  const labelled = [...targets.keys()].filter((n) => targets[n] !== NO_TARGET);
  const slots = new Uint32Array(tokens).fill(NO_TARGET);
  labelled.forEach((n, slot) => (slots[n] = slot));

  const trial = newTrial(tokens, { tuning: tunings[adapter], training });
  const labels = trial.value("labels", labelled.length);
  const input = trial.watched("x", [trial.rows, hidden], x);
  const report = trial.input("report", [8], [...(before ?? [NaN, NaN, NaN]), 3, 4, 5, 6, 7]);
  const loss = linearCrossEntropy(
    trial.tape,
    input,
    {
      weight: trial.weight(head),
      ...(bias && { bias: trial.input("head bias", [vocabulary], bias) }),
      cap,
    },
    {
      labelRows: trial.input("labelled rows", [labels], Uint32Array.from(labelled)),
      labelSlots: trial.input("slots", [trial.rows], slots),
      targets: trial.input(
        "targets",
        [labels],
        Uint32Array.from(labelled, (n) => targets[n]!),
      ),
      scale: trial.value("scale", scale, 1),
      reset: trial.value("reset", before ? 0 : 1, 1),
      report,
    },
    chunks,
  );

  const inputs = { hidden, vocabulary, x, weight: head.values, bias, cap, targets, scale };
  const { rowLoss, correct } = reference(inputs);
  const total = (values: ArrayLike<number>): number =>
    Array.from(values).reduce((sum, value) => sum + value, 0);
  // A logit sums over C, the softmax over V, the loss over the rows, dx over V.
  const limit = tolerance(hidden + vocabulary);
  const [lossBefore, correctBefore, labelledBefore] = before ?? [0, 0, 0];
  trial.expect("loss sum", report, [lossBefore! + total(rowLoss)], {
    limit: tolerance(hidden + vocabulary + labelled.length),
    // The loss of a row is the logarithm of a sum of at least 1: near 0 it keeps absolute digits, not relative ones.
    floor: Math.max(1, labelled.length),
    select: (got) => [got[reportFields.lossSum]!],
  });
  const counts = [correctBefore! + total(correct), labelledBefore! + labelled.length];
  trial.expect("correct and labelled tokens", report, counts, {
    limit: 0,
    select: (got) => [got[reportFields.correct]!, got[reportFields.labelled]!],
  });
  trial.expect("other fields of the report", report, [3, 4, 5, 6, 7], {
    limit: 0,
    select: (got) => got.slice(3),
  });
  if (!training) return trial;
  trial.tape.backward(loss);
  const dx = trial.tape.gradient(input);
  const want = linearCrossEntropyBackward(inputs).dx;
  // Where the answer is sure, p − 1 cancels; each row's terms have the size of scale · a row of the head, which is 1.
  trial.expect("dx", dx, want, { limit, floor: scale * Math.sqrt(labelled.length) || 1 });
  const unlabelled = (_: number, i: number): boolean => targets[Math.floor(i / hidden)] === NO_TARGET;
  trial.expect("dx of rows without a label", dx, want.filter(unlabelled), {
    limit: 0,
    select: (got) => got.filter(unlabelled),
  });
  return trial;
}

/** Normal inputs; `labelShare` of the rows carry a target, every fourth of them the likeliest id. */
function randomProblem(
  [tokens, hidden, vocabulary]: readonly [number, number, number],
  {
    format = "f32",
    partRows,
    labelShare = 0.6,
  }: { format?: WeightFormat; partRows?: number; labelShare?: number },
): Problem {
  const bytes = hidden * (format === "f32" ? 4 : 2);
  const head = hostWeight("head", format, [vocabulary, hidden], {
    seed: 1,
    ...(partRows && { bindingBytes: partRows * bytes }),
  });
  const source = seededNumbers(2);
  const targets = Uint32Array.from({ length: tokens }, () =>
    source.uniform() < labelShare ? source.integer(vocabulary) : NO_TARGET,
  );
  const x = floats(3, tokens * hidden);
  targets.forEach((target, n) => {
    if (target === NO_TARGET || n % 4 !== 0) return;
    for (let c = 0; c < hidden; c++) x[n * hidden + c] = Math.fround(6 * head.values[target * hidden + c]!);
  });
  return { hidden, vocabulary, x, targets, head };
}

const small: LossChunks = { tokens: 64, vocabulary: 128 };

/** (name, (tokens, hidden, vocabulary), head, settings) */
const cases: readonly (readonly [
  string,
  readonly [number, number, number],
  Parameters<typeof randomProblem>[1],
  Settings,
])[] = [
  ["in one chunk", [65, 20, 301], {}, { chunks: defaultLossChunks }],
  ["in chunks of tokens and vocabulary", [190, 20, 301], {}, { chunks: small }],
  [
    "in one token chunk and many of vocabulary",
    [7, 64, 515],
    { format: "bf16", labelShare: 1 },
    { chunks: small },
  ],
  [
    "in many token chunks and one of vocabulary",
    [190, 8, 65],
    { format: "f16" },
    { chunks: { tokens: 64, vocabulary: 128 } },
  ],
  [
    "with a head in three parts",
    [65, 20, 333],
    { format: "bf16", partRows: 128 },
    { chunks: defaultLossChunks },
  ],
  ["with parts larger than a chunk", [65, 20, 700], { partRows: 384 }, { chunks: small }],
  ["of one token over three ids", [1, 4, 3], { labelShare: 1 }, { chunks: small }],
  ["added to an earlier micro-step's report", [65, 20, 301], {}, { chunks: small, before: [12.5, 3, 40] }],
  ["tuned for a GPU", [70, 20, 301], {}, { chunks: small, adapter: "gpu" }],
  ["without gradients", [65, 20, 301], {}, { chunks: small, training: false }],
  ["without any label", [65, 20, 301], { labelShare: 0 }, { chunks: small }],
  [
    "without any label, added to a report",
    [65, 20, 301],
    { labelShare: 0 },
    { chunks: small, before: [12.5, 3, 40] },
  ],
  [
    "of more than 65,535 labelled rows",
    [65_700, 4, 7],
    { labelShare: 0.999 },
    { chunks: { tokens: 65_664, vocabulary: 128 } },
  ],
];

const random: readonly Check[] = cases.map(([name, sizes, head, settings]) => ({
  name: `cross-entropy ${name} (${sizes.join("×")}) agrees in loss, counts and gradient`,
  run: (gpu) => record(randomProblem(sizes, head), settings).run(gpu),
}));

/** Rows of the head that are equal, so that their logits are: neighbours, other lanes, other chunks. */
const twins = [5, 6, 9, 77, 200, 299];

const ties: Check = {
  name: "cross-entropy counts the lowest of equally likely ids as the answer",
  run(gpu) {
    const [hidden, vocabulary] = [20, 301];
    const values = floats(1, vocabulary * hidden, 1 / Math.sqrt(hidden));
    for (const id of twins) values.copyWithin(id * hidden, twins[0]! * hidden, (twins[0]! + 1) * hidden);
    const head = hostWeight("head", "f32", [vocabulary, hidden], { seed: 0, values });
    // Every row points along the equal rows of the head. The lowest twin is the target of three rows, each other one
    // of one row, so that counting any other than the lowest changes the number.
    const targets = Uint32Array.of(twins[0]!, twins[0]!, ...twins, 0);
    const x = Float64Array.from({ length: targets.length * hidden }, (_, i) =>
      Math.fround(8 * values[twins[0]! * hidden + (i % hidden)]!),
    );
    return record({ hidden, vocabulary, x, targets, head }, { chunks: small }).run(gpu);
  },
};

const largeLogits: Check = {
  name: "cross-entropy of logits of hundreds stays finite and agrees",
  run(gpu) {
    const problem = randomProblem([65, 20, 301], { labelShare: 1 });
    const x = problem.x.map((value) => Math.fround(100 * value));
    return record({ ...problem, x }, { chunks: small }).run(gpu);
  },
};

/** A bias shifts the logits of a head in parts, a cap near their size bends them. */
const bentHeads: readonly Check[] = [
  { name: "with a biased head", bias: floats(5, 333), cap: undefined },
  { name: "with capped logits", bias: undefined, cap: 2 },
  { name: "with a biased head and logits capped at 30", bias: floats(5, 333), cap: 30 },
].map(({ name, bias, cap }) => ({
  name: `cross-entropy ${name} agrees in loss, counts and gradient`,
  run(gpu) {
    const problem = randomProblem([65, 20, 333], { format: "bf16", partRows: 128 });
    const bent = { ...problem, ...(bias && { bias }), ...(cap && { cap }) };
    return record(bent, { chunks: small }).run(gpu);
  },
}));

const pieces: Check = {
  name: "cross-entropy cut into pieces is that of whole launches, bit for bit",
  run: (gpu) => record(randomProblem([190, 20, 301], {}), { chunks: defaultLossChunks }).runSplit(gpu, 4e5),
};

export const crossEntropyChecks: readonly Check[] = [...random, ties, ...bentHeads, largeLogits, pieces];
