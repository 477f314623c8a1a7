// The benchmark's command line. What each figure means stands in README.md beside this file.

import { availableParallelism } from "node:os";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { layEndToEnd, type Batch } from "../src/core/batch";
import { AppError } from "../src/core/errors";
import { createRandom } from "../src/core/random";
import { defaultRunConfig } from "../src/core/run-config";
import { planBatches } from "../src/data/batches";
import { readDataset } from "../src/data/read-dataset";
import { tokenizeDataset } from "../src/data/tokenize-example";
import { openModel } from "../src/engine/open-model";
import type { Gpu } from "../src/gpu/device";
import { openNodeGpu } from "../src/gpu/node-gpu";
import { folderSource } from "../src/headless/folder-source";
import { autotune } from "../src/ops/autotune";
import type { MatmulEntry, MatmulVariant } from "../src/ops/matmul";
import { measureCeiling, type Ceiling } from "./ceiling";
import { benchMatmul, hopeful, matmulCases, type MatmulResult } from "./matmul";
import { jaxProducts, type Peer } from "./peers";
import type { PeerResult, Report } from "./report";
import { benchGeneration, benchStep, type StepCase } from "./step";
import { smol135, syntheticModel } from "./synthetic-model";
import { asText } from "./tables";

const parts = ["ceiling", "matmul", "peers", "step", "smol"] as const;
type Part = (typeof parts)[number];

const ROWS = 4;
const CUBE = 512;

interface Options {
  readonly json?: boolean;
  readonly only?: readonly Part[];
  readonly repeats: number;
  readonly model: string;
  readonly data: string;
}

const command = new Command("bench")
  .description(
    "Time kernels and a training step on this machine's adapter, against its own multiply-add ceiling.",
  )
  .option("--json", "print one JSON object instead of tables")
  .addOption(
    new Option(
      "--only <parts...>",
      "what to measure; smol is a step of a 135M model, left out unless named",
    ).choices(parts),
  )
  .option("--repeats <count>", "rounds of every measurement, at least 7; the median counts", atLeast7, 7)
  .option("--model <folder>", "model folder of the step", "public/models/tabtune-3m")
  .option("--data <file>", "dataset of the step", "public/datasets/tidy-notes.jsonl");

try {
  const options = command.parse().opts<Options>();
  const report = await measure(options);
  process.stdout.write(`${options.json ? JSON.stringify(report, null, 1) : asText(report)}\n`);
  // Dawn keeps threads alive that would hold the process.
  process.exit(0);
} catch (error) {
  process.stderr.write(`${error instanceof AppError ? error.message : String((error as Error).stack)}\n`);
  process.exit(1);
}

async function measure({ only, repeats, model, data }: Options): Promise<Report> {
  const wants = (part: Part): boolean => (only ? only.includes(part) : part !== "smol");
  const gpu = await openNodeGpu();
  const processors = availableParallelism();
  const begin = performance.now();
  const tuning = await autotune(gpu);
  const autotuneMilliseconds = performance.now() - begin;
  say(`${gpu.report.vendor} ${gpu.report.architecture}: tuned in ${autotuneMilliseconds.toFixed(0)} ms`);

  let ceiling: Ceiling | undefined;
  if (wants("ceiling") || wants("matmul") || wants("peers")) {
    say("ceiling");
    ceiling = await measureCeiling(gpu, repeats, processors);
  }
  const matmul: MatmulResult[] = [];
  const peers: PeerResult[] = [];
  let peersProblem: string | undefined;
  const step = await modelStep(model, data);
  if (ceiling && (wants("matmul") || wants("peers"))) {
    let rivals: Peer[] = [];
    if (wants("peers")) {
      try {
        rivals = await jaxProducts(CUBE, isSoftware(gpu) ? 1 : 64);
      } catch (error) {
        peersProblem = String(error);
        say(`@jax-js/jax does not run: ${peersProblem}`);
      }
    }
    const worthTiming = new Map<MatmulEntry, readonly MatmulVariant[]>();
    for (const shape of matmulCases(step.declared.decoder.config)) {
      const cube = shape.tokens === CUBE && shape.format === "f32";
      if (!cube && !wants("matmul")) continue;
      say(`${shape.name} ${shape.entry} ${shape.format}`);
      const against = cube ? rivals.filter(({ entry }) => entry === shape.entry) : [];
      const candidates = against.map(({ candidate }) => candidate);
      const variants = worthTiming.get(shape.entry);
      const { results, rivalTimings } = await benchMatmul(gpu, shape, ceiling, repeats, processors, {
        ...(variants && { variants }),
        rivals: candidates,
      });
      if (cube) worthTiming.set(shape.entry, hopeful(results));
      if (wants("matmul")) matmul.push(...results);
      const best = results.reduce((a, b) => (b.milliseconds < a.milliseconds ? b : a));
      rivalTimings.forEach(({ milliseconds, processorMilliseconds }, i) => {
        peers.push({
          peer: candidates[i]!.name,
          entry: shape.entry,
          peerMilliseconds: milliseconds,
          milliseconds: best.milliseconds,
          variant: best.variant,
          ratio: milliseconds / best.milliseconds,
          processorRatio: processorMilliseconds / processors / best.processorMilliseconds,
        });
      });
    }
  }
  const steps = [];
  const generation = [];
  if (wants("step")) {
    say("step");
    steps.push(await benchStep(gpu, step, tuning, repeats));
    say("generation");
    generation.push(await benchGeneration(gpu, step, tuning, 7, { promptTokens: 32, newTokens: 64 }));
  }
  if (wants("smol")) {
    for (const [tokens, checkpoint] of [
      [512, false],
      [1024, false],
      [1024, true],
    ] as const) {
      say(`SmolLM2-135M shape, ${tokens} tokens${checkpoint ? ", layers recomputed" : ""}`);
      const name = `random weights in SmolLM2-135M's shape${checkpoint ? ", layers recomputed" : ""}`;
      const synthetic = {
        name,
        ...syntheticModel(smol135, 1024),
        batch: randomBatch(tokens),
        checkpoint,
      };
      steps.push(await benchStep(gpu, synthetic, tuning, repeats, !checkpoint));
      if (tokens === 512)
        generation.push(
          await benchGeneration(gpu, synthetic, tuning, 7, { promptTokens: 64, newTokens: 64 }),
        );
    }
  }
  return {
    date: new Date().toISOString().slice(0, 10),
    node: process.version,
    adapter: gpu.report,
    software: isSoftware(gpu),
    processors,
    tuning,
    autotuneMilliseconds,
    ...(ceiling && {
      ceiling: {
        form: ceiling.form,
        gigaflops: ceiling.gigaflops,
        processorGigaflops: ceiling.processorGigaflops,
        forms: ceiling.forms,
      },
    }),
    matmul,
    peers,
    ...(peersProblem && { peersProblem }),
    steps,
    generation,
  };
}

/** A step of the model folder on the first four rows of the dataset. */
async function modelStep(folder: string, file: string): Promise<StepCase> {
  if (!existsSync(join(folder, "config.json"))) {
    throw new AppError(
      "file-missing",
      `${folder} is no model folder: it has no config.json. Give one with --model.`,
    );
  }
  if (!existsSync(file)) {
    throw new AppError("file-missing", `${file} does not exist. Give a dataset with --data.`);
  }
  const model = await openModel(folderSource(folder));
  const config = { ...defaultRunConfig, microBatchSize: ROWS, shuffle: false };
  const { sequences } = tokenizeDataset(readDataset(basename(file), readFileSync(file)), model.chat, config);
  const batch = planBatches(sequences, config).batchesOfStep(0)[0]!;
  const name = `${model.name}, LoRA 16 on all linear layers, ${ROWS} rows of ${basename(file)}`;
  return {
    name,
    declared: model.decoder.declare(config.cutoffLength),
    weights: model.decoder.weights,
    batch,
  };
}

/** One document of random tokens, the last quarter trained. */
function randomBatch(tokens: number): Batch {
  const random = createRandom(5);
  const ids = Uint32Array.from({ length: tokens }, () => random.below(smol135.vocabulary));
  const trained = Uint8Array.from({ length: tokens }, (_, i) => (i >= (tokens * 3) / 4 ? 1 : 0));
  return layEndToEnd([{ ids, trained }]);
}

function isSoftware({ report: { vendor, architecture, description } }: Gpu): boolean {
  return /swiftshader|llvmpipe|lavapipe/i.test(`${vendor} ${architecture} ${description}`);
}

function say(what: string): void {
  process.stderr.write(`${what}\n`);
}

function atLeast7(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 7)
    throw new InvalidArgumentError("It must be a whole number from 7 on.");
  return count;
}
