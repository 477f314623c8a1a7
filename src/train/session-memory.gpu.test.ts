// The memory that a person is told of before a download is the memory that a session takes, to the byte.

import { describe, expect, it } from "vitest";
import { defaultRunConfig, type RunConfig } from "../core/run-config";
import { readDataset, type Dataset } from "../data/read-dataset";
import { ChatSession } from "../engine/chat-session";
import { estimateMemory } from "../engine/memory-estimate";
import { openDecoder } from "../engine/open-decoder";
import { openModel, type OpenedModel } from "../engine/open-model";
import { prepareEvaluation, prepareRun, TrainingSession, tunedRun } from "../engine/training-session";
import { planGeneration } from "../generate/generator";
import { folderSource } from "../headless/folder-source";
import { families } from "../model/families";
import { withLora } from "../model/lora";
import { tunings, type Tuning } from "../program/tuning";
import { goldenFolders } from "../testing/parity/golden-folders";
import { testGpu } from "../testing/test-gpu";

const model: Promise<OpenedModel> = openModel(folderSource("public/models/tabtune-3m"));

const dataset: Dataset = readDataset(
  "rows.jsonl",
  Array.from({ length: 11 }, (_, i) =>
    JSON.stringify({ prompt: "Say it. ".repeat(i + 1), completion: "It is said. ".repeat(3 + (i % 4)) }),
  ).join("\n"),
);

const runs: { readonly name: string; readonly config: Partial<RunConfig>; readonly tuning?: Tuning }[] = [
  { name: "the default run", config: {} },
  { name: "a run with sample prompts", config: { samplePrompts: ["Hello!"], sampleTokens: 20 } },
  {
    name: "a packed run of odd rank with dropout",
    config: {
      packing: true,
      cutoffLength: 96,
      lora: { rank: 3, alpha: 6, dropout: 0.1, targetModules: ["q_proj", "down_proj"], rsLora: true },
    },
  },
  { name: "a run with the variants for GPUs", config: { samplePrompts: ["Hello!"] }, tuning: tunings.gpu },
];

describe("a training session", () => {
  it.each(runs)("of $name takes the planned bytes", async ({ config, tuning }) => {
    const gpu = await testGpu();
    const prepared = prepareRun(await model, { ...defaultRunConfig, ...config }, dataset);
    const planned = tuning ? tunedRun(prepared, tuning) : prepared;
    const before = gpu.allocatedBytes;
    const session = await TrainingSession.open(gpu, planned);
    expect(gpu.allocatedBytes - before).toBe(planned.plans.memory.total);
    session.dispose();
    expect(gpu.allocatedBytes).toBe(before);
  });

  it("keeps to the planned bytes while it trains and evaluates", async () => {
    const gpu = await testGpu();
    const config = { ...defaultRunConfig, maxSteps: 2, samplePrompts: ["Hi"], sampleTokens: 2 };
    const prepared = prepareRun(await model, config, dataset);
    const before = gpu.allocatedBytes;
    const session = await TrainingSession.open(gpu, prepared);
    const kinds: string[] = [];
    for await (const { kind } of session.run()) {
      kinds.push(kind);
      expect(gpu.allocatedBytes - before).toBe(prepared.plans.memory.total);
    }
    expect(kinds).toEqual(["evaluation", "samples", "step", "step", "evaluation", "samples", "end"]);
    session.dispose();
    expect(gpu.allocatedBytes).toBe(before);
  });

  it("of an evaluation takes the planned bytes", async () => {
    const gpu = await testGpu();
    const prepared = prepareEvaluation(await model, defaultRunConfig, dataset);
    const before = gpu.allocatedBytes;
    const session = await TrainingSession.open(gpu, prepared);
    expect(gpu.allocatedBytes - before).toBe(prepared.plans.memory.total);
    session.dispose();
  });
});

describe.each(Object.keys(families))("a session of a model of the family %s", (family) => {
  /** Its first golden model with the built-in model's tokenizer: what is asked here is bytes, not words. */
  const open = async (): Promise<OpenedModel> => {
    const [source] = goldenFolders(family);
    return { ...(await model), name: source!.name, decoder: await openDecoder(source!) };
  };

  it("takes the planned bytes, in training with sample prompts and in a chat", async () => {
    const gpu = await testGpu();
    const opened = await open();
    const before = gpu.allocatedBytes;
    const config = { ...defaultRunConfig, cutoffLength: 80, samplePrompts: ["Hi"], sampleTokens: 8 };
    const prepared = prepareRun(opened, config, dataset);
    const session = await TrainingSession.open(gpu, prepared);
    expect(gpu.allocatedBytes - before).toBe(prepared.plans.memory.total);
    session.dispose();
    expect(gpu.allocatedBytes).toBe(before);

    const context = 96;
    const declared = opened.decoder.declare(context);
    const generations = [planGeneration(declared.decoder, context)];
    const chat = await ChatSession.open(gpu, opened, { context });
    expect(gpu.allocatedBytes - before).toBe(estimateMemory({ model: declared, generations }).total);
    chat.dispose();
    expect(gpu.allocatedBytes).toBe(before);
  });
});

describe("a chat session", () => {
  it.each(["alone", "with an adapter"])("of a model %s takes the planned bytes", async (which) => {
    const gpu = await testGpu();
    const opened = await model;
    const context = 200;
    const before = gpu.allocatedBytes;
    let adapter;
    if (which !== "alone") {
      const training = await TrainingSession.open(gpu, prepareRun(opened, defaultRunConfig, dataset));
      const tensors = await training.adapterTensors();
      adapter = { config: { ...defaultRunConfig.lora, baseModel: opened.name }, tensors };
      training.dispose();
    }
    const declared = opened.decoder.declare(context);
    const { decoder } = adapter ? withLora(declared, defaultRunConfig.lora, 0) : declared;
    const generations = [planGeneration(decoder, context)];
    const planned = estimateMemory({ model: declared, generations }).total;

    const session = await ChatSession.open(gpu, opened, { context, ...(adapter && { adapter }) });
    expect(gpu.allocatedBytes - before).toBe(planned);
    const options = { temperature: 0, topK: 0, topP: 1, repetitionPenalty: 1, seed: 0, maxNewTokens: 3 };
    for await (const part of session.answer([{ role: "user", content: "Hello!" }], options)) {
      expect(part.ids.length).toBeGreaterThan(0);
      expect(gpu.allocatedBytes - before).toBe(planned);
    }
    session.dispose();
    expect(gpu.allocatedBytes).toBe(before);
  });
});
