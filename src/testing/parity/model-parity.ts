// Parity of a whole model with transformers + peft: one entry a comparison, all as ‖difference‖ / ‖reference‖ unless
// the check's name says otherwise. The same list is a test (parity.gpu.test.ts), a command (main.ts) and, in part, a
// smoke test in browsers.

import { fromFloat32, toFloat32, type HostTensor } from "../../core/host-tensor";
import { defaultRunConfig } from "../../core/run-config";
import { planBatches } from "../../data/batches";
import { openDecoder, type OpenedDecoder } from "../../engine/open-decoder";
import { mergeTensor } from "../../export/merged";
import { modulesOf } from "../../export/peft";
import type { Gpu } from "../../gpu/device";
import { loraScale } from "../../model/lora";
import type { ModelSource } from "../../hub/model-source";
import type { RunEvent, StepMetrics } from "../../core/metrics";
import { tunings } from "../../program/tuning";
import type { Trainer, TrainingSchedule } from "../../train/trainer";
import { assert } from "../../core/errors";
import { relativeError } from "../check";
import { DecoderUnderTest } from "./decoder-under-test";
import { batchOf, readGoldenCase, readGoldenCurve, type GoldenCase } from "./golden-case";

export interface ParityResult {
  readonly family: string;
  readonly configuration: string;
  readonly check: string;
  readonly measured: number;
  readonly limit: number;
}

export const LOGITS_LIMIT = 1e-5;
export const GRADIENT_LIMIT = 1e-4;
export const CURVE_LIMIT = 1e-4;

const smallChunks = { lossChunks: { tokens: 64, vocabulary: 128 } };
const gpuVariants = { tuning: tunings.gpu, ...smallChunks };

type Report = (check: string, measured: number, limit: number) => void;

/**
 * Logits, losses and gradients of one golden folder. `variants: "gpu"` also runs the kernel variants that a software
 * adapter does not choose; there they take half a minute a configuration.
 */
export async function caseParity(
  gpu: Gpu,
  source: ModelSource,
  variants: "own" | "gpu" = "own",
): Promise<ParityResult[]> {
  const results: ParityResult[] = [];
  const golden = await readGoldenCase(source);
  const opened = await openDecoder(source);
  const report: Report = (check, measured, limit) =>
    results.push({ family: opened.config.modelType, configuration: source.name, check, measured, limit });
  const subject = await DecoderUnderTest.open(gpu, opened, golden.lora, allTokens(golden));
  try {
    await compareLogits(subject, golden, report);
    await compareMerged(gpu, opened, golden, await subject.adapterTensors(), report);
    await compareGradients(subject, golden, variants, report);
  } finally {
    subject.dispose();
  }
  return results;
}

/** The 50-step training run of one golden folder, and the same run cut in two. */
export async function curveParity(gpu: Gpu, source: ModelSource): Promise<ParityResult[]> {
  const results: ParityResult[] = [];
  const { lora, adapter } = await readGoldenCase(source);
  const curve = await readGoldenCurve(source);
  const opened = await openDecoder(source);
  const report: Report = (check, measured, limit) =>
    results.push({ family: opened.config.modelType, configuration: source.name, check, measured, limit });
  const positions = Math.max(...curve.documents.map(({ ids }) => ids.length));
  const subject = await DecoderUnderTest.open(gpu, opened, lora, positions);
  try {
    const batches = planBatches(curve.documents, curve.config);
    const schedule: TrainingSchedule = {
      steps: batches.steps,
      window: (step) => batches.batchesOfStep(step),
      epoch: (step) => Math.floor(step / batches.stepsPerEpoch),
      evaluation: [],
    };
    const capacity = { tokens: batches.largestTokens, labels: batches.largestSupervised };
    const trainer = await subject.trainer(curve.config, capacity);
    const begin = (): void => trainer.start((index) => subject.matricesFrom(adapter)[index]![1]);

    begin();
    const steps = await stepsOf(trainer, schedule, schedule.steps);
    const column = (key: "loss" | "learningRate" | "gradientNorm") => ({
      got: steps.map((step) => step[key]),
      want: curve.steps.map((step) => step[key]),
    });
    for (const key of ["loss", "learningRate", "gradientNorm"] as const) {
      const { got, want } = column(key);
      report(`${key} over ${want.length} steps`, relativeError(got, want), CURVE_LIMIT);
    }
    const final = await subject.adapter();
    report("adapter after the run", worstTensor(final, curve.final), CURVE_LIMIT);

    begin();
    await stepsOf(trainer, schedule, 10);
    const whole = await trainer.checkpoint();
    begin();
    await stepsOf(trainer, schedule, 5);
    const half = await trainer.checkpoint();
    begin();
    trainer.restore(half);
    await stepsOf(trainer, schedule, 10);
    const resumed = await trainer.checkpoint();
    const differing = whole.values.filter((v, i) => !Object.is(v, resumed.values[i])).length;
    report("elements that differ between 10 steps and 5 + 5 resumed", differing, 0);
    trainer.dispose();
  } finally {
    subject.dispose();
  }
  return results;
}

/** Tokens of a greedy answer, over a key/value cache, that are not those of transformers' generate. */
export async function greedyParity(gpu: Gpu, source: ModelSource): Promise<ParityResult[]> {
  const golden = await readGoldenCase(source);
  const opened = await openDecoder(source);
  assert(golden.greedy, `${source.name}/case.json has no greedy answer`);
  const prompt = golden.documents[golden.greedy.document]!.ids;
  const want = golden.greedy.answer;
  const subject = await DecoderUnderTest.open(gpu, opened, golden.lora, prompt.length + want.length);
  try {
    subject.setAdapter(golden.adapter);
    const got = await subject.greedyAnswer(prompt, want.length);
    const measured = want.filter((id, i) => got[i] !== id).length;
    const check = `tokens of ${want.length} that a greedy answer has otherwise`;
    return [{ family: opened.config.modelType, configuration: source.name, check, measured, limit: 0 }];
  } finally {
    subject.dispose();
  }
}

async function compareLogits(subject: DecoderUnderTest, golden: GoldenCase, report: Report): Promise<void> {
  const separate = golden.documents.map((_, index) => index);
  const worst = async (which: "base" | "adapter", reference: string): Promise<number> => {
    let error = 0;
    for (const index of separate) {
      const got = await subject.logits(batchOf(golden, [index]), which);
      error = Math.max(error, relativeError(got, golden.tensors.get(`${reference}.logits.${index}`)!));
    }
    return error;
  };
  const everything = batchOf(golden, separate);
  report("base logits", await worst("base", "base"), LOGITS_LIMIT);
  subject.startAdapter(1);
  const fresh = await subject.logits(everything, "adapter");
  const base = await subject.logits(everything, "base");
  const changed = fresh.filter((value, i) => value !== base[i]).length;
  report("logits that a fresh adapter changes", changed, 0);
  subject.setAdapter(golden.adapter);
  report("adapter logits", await worst("adapter", "adapter"), LOGITS_LIMIT);
  for (const batch of golden.batches) {
    if (batch.documents.length < 2) continue;
    const got = await subject.logits(batchOf(golden, batch.documents), "adapter");
    const want = batch.documents.flatMap((index) => [...golden.tensors.get(`adapter.logits.${index}`)!]);
    report(`${batch.name}: packed logits against separate`, relativeError(got, want), LOGITS_LIMIT);
  }
}

/** The merged model, all in f32 so that only the merge is compared, against peft's merge_and_unload. */
async function compareMerged(
  gpu: Gpu,
  opened: OpenedDecoder,
  golden: GoldenCase,
  adapter: ReadonlyMap<string, HostTensor>,
  report: Report,
): Promise<void> {
  const layers = opened.adaptableLayers();
  const updates = new Map(
    [...modulesOf(adapter)].map(([path, matrices]) => {
      const { weight, transposed } = layers.get(path)!;
      return [weight, { ...matrices, transposed }] as const;
    }),
  );
  const read = async (name: string): Promise<HostTensor> => {
    const base = await opened.weights.read(name);
    const wide = fromFloat32(toFloat32(base), base.shape, "F32");
    const update = updates.get(name);
    return update ? mergeTensor(wide, update.a, update.b, loraScale(golden.lora), update.transposed) : wide;
  };
  const headers = [...opened.weights.tensors].map(
    ([name, info]) => [name, { ...info, dtype: "F32" }] as const,
  );
  const merged = { name: "merged model", tensors: new Map(headers), read };
  const subject = await DecoderUnderTest.open(
    gpu,
    { ...opened, weights: merged },
    golden.lora,
    allTokens(golden),
  );
  try {
    let error = 0;
    for (const index of golden.documents.keys()) {
      const got = await subject.logits(batchOf(golden, [index]), "base");
      error = Math.max(error, relativeError(got, golden.tensors.get(`merged.logits.${index}`)!));
    }
    report("merged logits", error, LOGITS_LIMIT);
  } finally {
    subject.dispose();
  }
}

async function compareGradients(
  subject: DecoderUnderTest,
  golden: GoldenCase,
  variants: "own" | "gpu",
  report: Report,
): Promise<void> {
  const config = { ...defaultRunConfig, lora: golden.lora };
  const reference = new Map(
    [...golden.adapter.keys()].map((name) => [name, golden.tensors.get(`gradient.${name}`)!]),
  );
  const all = golden.documents.map((_, index) => index);
  const ways = [
    { name: "one packed stream", batches: [all], options: {} },
    {
      name: "accumulated over rows, layers recomputed",
      batches: all.map((i) => [i]),
      options: { checkpoint: true },
    },
    { name: "small loss chunks", batches: [all], options: smallChunks },
    ...(variants === "gpu" ? [{ name: "the variants for GPUs", batches: [all], options: gpuVariants }] : []),
  ];
  for (const { name, batches, options } of ways) {
    const streams = batches.map((indices) => batchOf(golden, indices));
    const { tensors, loss, accuracy } = await subject.gradients(config, streams, options);
    report(`worst adapter gradient, ${name}`, worstTensor(tensors, reference), GRADIENT_LIMIT);
    report(`loss, ${name}`, relativeError([loss], [golden.expected.loss!]), LOGITS_LIMIT);
    report(`token accuracy, ${name} (difference)`, Math.abs(accuracy - golden.expected.accuracy!), 1e-7);
  }
}

/** Largest error of any tensor; Infinity when a tensor is missing. */
export function worstTensor(
  got: ReadonlyMap<string, Float32Array>,
  want: ReadonlyMap<string, Float32Array>,
): number {
  let worst = got.size === want.size ? 0 : Infinity;
  for (const [name, reference] of want) {
    const tensor = got.get(name);
    worst = Math.max(worst, tensor ? relativeError(tensor, reference, 1e-12) : Infinity);
  }
  return worst;
}

async function stepsOf(trainer: Trainer, schedule: TrainingSchedule, until: number): Promise<StepMetrics[]> {
  const events: RunEvent[] = [];
  for await (const event of trainer.run(schedule, { until })) events.push(event);
  return events.filter((event) => event.kind === "step");
}

/** Tokens of all documents together. */
function allTokens(golden: GoldenCase): number {
  return golden.documents.reduce((sum, { ids }) => sum + ids.length, 0);
}
