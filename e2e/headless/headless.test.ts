// The command line as a person uses it: plan, train, go on training, generate, evaluate, merge, and what it says to bad
// input. The built-in model and a sample dataset; a few steps only, since here it matters what is written, not learned.

import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { toFloat32 } from "../../src/core/host-tensor";
import type { EvaluationMetrics, RunEvent, StepMetrics } from "../../src/core/metrics";
import { defaultRunConfig, type RunConfig } from "../../src/core/run-config";
import { runConfigFields } from "../../src/core/run-config-check";
import type { RowProblem } from "../../src/core/message";
import { readSafetensors } from "../../src/hub/safetensors";
import {
  buildCommandLine,
  jsonLines,
  readJson,
  scratchFolder,
  start,
  withoutDriver,
  type Finished,
} from "./command-line";

const model = "public/models/tabtune-3m";
const dataset = "public/datasets/brindle-bay.json";
const folder = scratchFolder();
const run = (args: readonly string[], environment: object = {}): Promise<Finished> =>
  start(args, folder.path("cache"), environment).finished;

/** Six steps in the file's order: long enough to see the loss fall, short enough for a test. */
const short: RunConfig = {
  ...defaultRunConfig,
  maxSteps: 6,
  microBatchSize: 4,
  learningRate: 3e-3,
  cutoffLength: 128,
  shuffle: false,
  evaluationSplit: 0.1,
  samplePrompts: ["Where is Brindle Bay?"],
  sampleTokens: 8,
};

function writeConfig(name: string, config: object): string {
  const file = folder.path(`${name}.json`);
  writeFileSync(file, JSON.stringify(config));
  return file;
}

function train(out: string, config: string, ...more: string[]): Promise<Finished> {
  return run([
    "train",
    "--model",
    model,
    "--data",
    dataset,
    "--config",
    config,
    "--out",
    folder.path(out),
    ...more,
  ]);
}

const stepsOf = (text: string): StepMetrics[] =>
  jsonLines<RunEvent>(text).filter((event): event is StepMetrics => event.kind === "step");

/** Events without what depends on the clock. */
function timeless(text: string): object[] {
  return jsonLines<RunEvent>(text).map((event) =>
    event.kind === "step" ? { ...event, tokensPerSecond: 0, secondsLeft: 0 } : event,
  );
}

function adapterBytes(out: string): Buffer {
  return readFileSync(folder.path(out, "adapter", "adapter_model.safetensors"));
}

/** The run that the later tests look at and start from. */
let first: Finished;
const firstAdapter = folder.path("first", "adapter");

beforeAll(async () => {
  buildCommandLine();
  first = await train("first", writeConfig("short", short));
}, 300_000);
afterAll(() => folder.remove());

describe("plan", () => {
  it("says what a run takes, without any graphics driver", async () => {
    const config = writeConfig("plan", { ...short, lora: { rank: 8 } });
    const whole = await run(["plan", "--model", model, "--config", config], withoutDriver);
    expect(whole).toMatchObject({ code: 0, stderr: "" });
    const { memoryBytes, recomputesLayers } = JSON.parse(whole.stdout) as {
      memoryBytes: Record<string, number>;
      recomputesLayers: boolean;
    };
    const { total, ...parts } = memoryBytes;
    expect(total).toBe(Object.values(parts).reduce((sum, bytes) => sum + bytes, 0));
    // The weights are those of the file, each tensor rounded up to 256 bytes, and the rotary table.
    expect(parts["weights"]).toBeGreaterThan(6_600_000);
    expect(parts["weights"]).toBeLessThan(7_000_000);
    // Two moments beside values and gradients.
    expect(parts["optimizer"]).toBe(parts["parameters"]);
    expect(recomputesLayers).toBe(false);

    const rows = await run(["plan", "--model", model, "--config", config, "--data", dataset], withoutDriver);
    const ofRows = JSON.parse(rows.stdout) as { memoryBytes: { activations: number } };
    // The rows of the dataset are shorter than the cutoff length.
    expect(ofRows.memoryBytes.activations).toBeLessThan(parts["activations"]!);
  });
});

describe("train", () => {
  it("prints metrics as JSON lines, keeps the same lines, and words go elsewhere", () => {
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toBe(readFileSync(folder.path("first", "metrics.jsonl"), "utf8"));
    expect(first.stderr).toMatch(/GPU adapter: \S+/);
    expect(first.stderr).toContain("38 rows to train on, 4 held out, 0 cut");
    const kinds = jsonLines<RunEvent>(first.stdout).map(({ kind }) => kind);
    const steps = Array.from({ length: 6 }, () => "step");
    expect(kinds).toEqual(["evaluation", "samples", ...steps, "evaluation", "samples", "end"]);
    expect(jsonLines<RunEvent>(first.stdout).at(-1)).toMatchObject({ reason: "finished", step: 6 });
  });

  it("learns: the loss on the held-out rows falls", () => {
    const evaluations = jsonLines<RunEvent>(first.stdout).filter(
      (event): event is EvaluationMetrics => event.kind === "evaluation",
    );
    expect(evaluations.map(({ step }) => step)).toEqual([0, 6]);
    const [before, after] = evaluations;
    expect(after!.loss).toBeLessThan(0.9 * before!.loss);
    expect(after!.perplexity).toBeCloseTo(Math.exp(after!.loss), 6);
    const steps = stepsOf(first.stdout);
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(steps.map(({ learningRate }) => learningRate / short.learningRate)).toEqual(
      [0, 1, 0.8, 0.6, 0.4, 0.2].map((share) => expect.closeTo(share, 12)),
    );
  });

  it("writes the whole configuration, no problems, and an adapter in PEFT form", () => {
    expect(readJson(folder.path("first", "run.json"))).toEqual(short);
    expect(readFileSync(folder.path("first", "problems.jsonl"), "utf8")).toBe("");
    expect(readJson(join(firstAdapter, "adapter_config.json"))).toMatchObject({
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      r: 16,
      lora_alpha: 32,
      base_model_name_or_path: "tabtune-3m",
    });
    const { tensors } = readSafetensors(adapterBytes("first"), "adapter_model.safetensors");
    const layers = readJson<{ num_hidden_layers: number }>(join(model, "config.json")).num_hidden_layers;
    expect(tensors.size).toBe(layers * 7 * 2);
    for (const [name, tensor] of tensors) {
      expect(name).toMatch(/^base_model\.model\.model\.layers\.\d\.(self_attn|mlp)\.\w+\.lora_[AB]\.weight$/);
      const values = toFloat32(tensor);
      expect(values.every(Number.isFinite), name).toBe(true);
      expect(
        values.some((value) => value !== 0),
        name,
      ).toBe(true);
    }
  });

  it("repeats a run to the bit when rows are not shuffled", async () => {
    const again = await train("again", folder.path("short.json"));
    expect(timeless(again.stdout)).toEqual(timeless(first.stdout));
    expect(adapterBytes("again").equals(adapterBytes("first"))).toBe(true);
  });

  it("goes on from an adapter", async () => {
    const config = writeConfig("on", { ...short, schedule: "constant", warmupRatio: 0, samplePrompts: [] });
    const on = await train("on", config, "--adapter", firstAdapter);
    const evaluationsOf = (text: string): EvaluationMetrics[] =>
      jsonLines<RunEvent>(text).filter((event): event is EvaluationMetrics => event.kind === "evaluation");
    // Before its first step it stands where the other run ended, to the bit.
    expect(evaluationsOf(on.stdout)[0]!.loss).toBe(evaluationsOf(first.stdout)[1]!.loss);
    expect(evaluationsOf(on.stdout)[1]!.loss).toBeLessThan(evaluationsOf(on.stdout)[0]!.loss);
    expect(adapterBytes("on").equals(adapterBytes("first"))).toBe(false);
  });

  it("takes rank, scale and layers from the adapter that it goes on from", async () => {
    const config = writeConfig("other-rank", { ...short, maxSteps: 1, lora: { rank: 4, alpha: 4 } });
    const on = await train("other-rank", config, "--adapter", firstAdapter);
    expect(on.code, on.stderr).toBe(0);
    expect(readJson<RunConfig>(folder.path("other-rank", "run.json")).lora).toMatchObject({
      rank: 16,
      alpha: 32,
    });
  });

  it("stops at Ctrl-C after the step under way and keeps the adapter", async () => {
    const config = writeConfig("long", { ...short, maxSteps: 5000, samplePrompts: [] });
    const args = ["train", "--model", model, "--data", dataset, "--config", config];
    const job = start([...args, "--out", folder.path("stopped")], folder.path("cache"));
    await job.lines(4);
    job.interrupt();
    const { code, stdout, stderr } = await job.finished;
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("the adapter is kept");
    const steps = stepsOf(stdout);
    expect(steps.length).toBeGreaterThanOrEqual(3);
    expect(steps.length).toBeLessThan(20);
    expect(jsonLines<RunEvent>(stdout).at(-1)).toMatchObject({
      kind: "end",
      reason: "stopped",
      step: steps.length,
    });
    expect(stdout).toBe(readFileSync(folder.path("stopped", "metrics.jsonl"), "utf8"));
    expect(readSafetensors(adapterBytes("stopped"), "adapter").tensors.size).toBeGreaterThan(0);
  });

  it("ends with code 1 and the last good adapter when a step is not finite", async () => {
    const broken = folder.path("broken-model");
    cpSync(model, broken, { recursive: true });
    writeFileSync(join(broken, "model.safetensors"), withOneNaN(join(model, "model.safetensors")));
    const config = writeConfig("no-evaluation", { ...short, evaluationSplit: 0, samplePrompts: [] });
    const out = ["--out", folder.path("broken"), "--adapter", firstAdapter];
    const ended = await run(["train", "--model", broken, "--data", dataset, "--config", config, ...out]);
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain("not a finite number");
    expect(ended.stderr).toContain("Lower the learning rate");
    expect(jsonLines<RunEvent>(ended.stdout).at(-1)).toMatchObject({ reason: "non-finite", step: 0 });
    const kept = readSafetensors(adapterBytes("broken"), "broken").tensors;
    const given = readSafetensors(adapterBytes("first"), "first").tensors;
    const differing = [...given].filter(
      ([name, { bytes }]) => !Buffer.from(bytes).equals(kept.get(name)!.bytes),
    );
    expect(given.size).toBeGreaterThan(0);
    expect(differing.map(([name]) => name)).toEqual([]);
  });

  it("lists rows that can't be used with line, field and reason, and trains on the others", async () => {
    const data = folder.path("rows.jsonl");
    const good = { prompt: "Where is the harbour?", completion: "The harbour is in the west." };
    const rows = [
      JSON.stringify(good),
      JSON.stringify({ prompt: "No answer" }),
      '{"prompt": "Cut off',
      JSON.stringify({ prompt: "A number", completion: 7 }),
      JSON.stringify({ ...good, prompt: "Where is the market?" }),
    ];
    writeFileSync(data, `${rows.join("\n")}\n`);
    const config = writeConfig("one-step", {
      ...short,
      maxSteps: 1,
      evaluationSplit: 0,
      samplePrompts: [],
    });
    const out = ["--config", config, "--out", folder.path("rows")];
    const done = await run(["train", "--model", model, "--data", data, ...out]);
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).toContain("2 rows to train on");
    expect(done.stderr).toContain("3 rows left out, see problems.jsonl");
    const problems = jsonLines<RowProblem>(readFileSync(folder.path("rows", "problems.jsonl"), "utf8"));
    expect(problems.map(({ line, field }) => ({ line, field }))).toEqual([
      { line: 2, field: "completion" },
      { line: 3, field: "" },
      { line: 4, field: "completion" },
    ]);
    expect(problems.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(/missing/),
      expect.stringMatching(/JSON/),
      expect.stringMatching(/number/),
    ]);
  });

  it("explains every field of run.json with its default", async () => {
    const { code, stdout } = await run(["train", "--help"], withoutDriver);
    expect(code).toBe(0);
    for (const [name, { sentence, unit }] of Object.entries(runConfigFields)) {
      const [section, inner] = name.split(".") as [keyof RunConfig, string | undefined];
      const value = inner
        ? (defaultRunConfig[section] as unknown as Record<string, unknown>)[inner]
        : defaultRunConfig[section];
      expect(stdout).toContain(`${name} = ${JSON.stringify(value)}\n`);
      expect(stdout.replace(/\s+/g, " ")).toContain(sentence);
      expect(stdout).toContain(unit);
    }
    for (const option of ["--model", "--data", "--config", "--out", "--adapter"])
      expect(stdout).toContain(option);
  });
});

describe("generate", () => {
  const ask = (...more: string[]): Promise<Finished> =>
    run(["generate", "--model", model, "--prompt", "Where is Brindle Bay?", "--max-tokens", "16", ...more]);

  it("answers the same again when it is greedy, and otherwise with an adapter", async () => {
    const [one, two, other] = [
      await ask(),
      await ask(),
      await ask("--adapter", folder.path("on", "adapter")),
    ];
    expect(one.code, one.stderr).toBe(0);
    expect(one.stdout.trim().length).toBeGreaterThan(0);
    expect(two.stdout).toBe(one.stdout);
    expect(other.stdout).not.toBe(one.stdout);
    expect(one.stderr).toMatch(/\d+ tokens, [\d.]+ tokens a second/);
  });

  it("samples the same again from the same seed", async () => {
    const sample = (seed: string) => ask("--temperature", "5", "--top-k", "50", "--seed", seed);
    const [one, two, other] = [await sample("7"), await sample("7"), await sample("8")];
    expect(two.stdout).toBe(one.stdout);
    expect(other.stdout).not.toBe(one.stdout);
  });

  it.each([
    ["--temperature", "warm"],
    ["--top-p", "1.5"],
    ["--max-tokens", "2.5"],
    ["--seed", "-1"],
    ["--repetition-penalty", "0"],
  ])("refuses %s %s with the range", async (option, value) => {
    const refused = await ask(option, value);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain(option);
    expect(refused.stderr).toMatch(/number from .* to .* was expected/);
  });
});

describe("evaluate and merge", () => {
  const evaluate = async (...args: string[]) => {
    const config = writeConfig("evaluate", { cutoffLength: 128 });
    const done = await run(["evaluate", "--data", dataset, "--config", config, ...args]);
    expect(done.code, done.stderr).toBe(0);
    return JSON.parse(done.stdout) as EvaluationMetrics & { rows: number };
  };

  it("the adapter is better than the base, and the merged model is as good as the adapter", async () => {
    const adapter = folder.path("on", "adapter");
    const merged = folder.path("merged");
    const done = await run(["merge", "--model", model, "--adapter", adapter, "--out", merged], withoutDriver);
    expect(done.code, done.stderr).toBe(0);
    for (const file of ["config.json", "tokenizer.json", "chat_template.jinja"])
      expect(readFileSync(join(merged, file))).toEqual(readFileSync(join(model, file)));

    const base = await evaluate("--model", model);
    const tuned = await evaluate("--model", model, "--adapter", adapter);
    const whole = await evaluate("--model", merged);
    expect([base.rows, tuned.rows, whole.rows]).toEqual([42, 42, 42]);
    expect(tuned.supervisedTokens).toBe(base.supervisedTokens);
    expect(tuned.loss).toBeLessThan(0.8 * base.loss);
    // Merged weights are rounded to the model's bf16.
    expect(Math.abs(whole.loss / tuned.loss - 1)).toBeLessThan(0.01);

    const ask = async (...args: string[]) =>
      (await run(["generate", "--prompt", "Where is Brindle Bay?", "--max-tokens", "24", ...args])).stdout;
    const answer = await ask("--model", model, "--adapter", adapter);
    expect(await ask("--model", merged)).toBe(answer);
    expect(await ask("--model", model)).not.toBe(answer);
  });

  it("never merges into the folder of the model itself", async () => {
    const copy = folder.path("copy");
    cpSync(model, copy, { recursive: true });
    const refused = await run(["merge", "--model", copy, "--adapter", firstAdapter, "--out", `${copy}/`]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/the model's own folder/);
    const weightsOf = (one: string): Buffer => readFileSync(join(one, "model.safetensors"));
    expect(weightsOf(copy).equals(weightsOf(model))).toBe(true);
  });
});

describe("bad input", () => {
  /** Runs without a driver: what is said here must be said before a GPU is looked for. */
  const refusal = async (...args: string[]): Promise<string> => {
    const done = await run(args, withoutDriver);
    expect(done.code, done.stdout).toBe(1);
    expect(done.stdout).toBe("");
    expect(done.stderr).not.toContain("internal:");
    expect(done.stderr).not.toMatch(/\.[jt]s:\d+/); // no stack
    return done.stderr;
  };
  const trainWith = (changes: Readonly<Record<string, string>>): Promise<string> => {
    const options = {
      "--model": model,
      "--data": dataset,
      "--out": folder.path("refused"),
      ...changes,
    };
    return refusal("train", ...Object.entries(options).flat());
  };

  it("says which file of a model folder is missing", async () => {
    expect(await trainWith({ "--model": folder.path("nowhere") })).toMatch(
      /^file-missing: nowhere\/config\.json cannot be read/,
    );
    const partial = folder.path("partial");
    mkdirSync(partial);
    cpSync(join(model, "config.json"), join(partial, "config.json"));
    expect(await trainWith({ "--model": partial })).toMatch(/partial.*safetensors/);
  });

  it("says that a dataset is missing, or holds no row to train on, with the first reason", async () => {
    expect(await trainWith({ "--data": folder.path("none.jsonl") })).toMatch(/^file-missing: .*none\.jsonl/);
    const data = folder.path("all-bad.jsonl");
    writeFileSync(data, '{"prompt": "a"}\n{"prompt": "b", "completion": ""}\n'.repeat(3));
    expect(await trainWith({ "--data": data })).toMatch(
      /^bad-dataset: all-bad\.jsonl: no row .*line 1.*completion/s,
    );
  });

  it("names the nearest field when run.json has one that does not exist", async () => {
    const config = writeConfig("unknown", { ...short, learningrate: 1, lora: { r: 8 } });
    const message = await trainWith({ "--config": config });
    expect(message).toContain('there is no field "learningrate"; the nearest is "learningRate"');
    expect(message).toContain('there is no field "lora.r"; the nearest is "lora.rank"');
    expect(await trainWith({ "--config": folder.path("missing.json") })).toMatch(/^file-missing: /);
  });

  it("says what a field of run.json may hold", async () => {
    const config = writeConfig("range", { learningRate: 1e30, schedule: "steps", microBatchSize: 0 });
    const message = await trainWith({ "--config": config });
    expect(message).toMatch(/^bad-config: range\.json: /);
    expect(message).toContain("learningRate is 1e+30; a number above 0, at most 10 was expected");
    expect(message).toContain('schedule is "steps"; "linear" or "cosine" or "constant" was expected');
    expect(message).toContain("microBatchSize is 0; a whole number from 1 to 4096 was expected");
  });

  it("says how many positions the model knows when cutoffLength is beyond them", async () => {
    const config = writeConfig("cutoff", { cutoffLength: 4096 });
    expect(await trainWith({ "--config": config })).toMatch(
      /^bad-config: cutoffLength is 4096, but tabtune-3m knows only 512 positions/,
    );
  });

  it("refuses an adapter of another model, or of none", async () => {
    expect(await trainWith({ "--adapter": "e2e/golden/llama-grouped/adapter" })).toMatch(
      /^bad-adapter: adapter_model\.safetensors: .*expected \[\d+, 192\].*base model is another/s,
    );
    expect(await trainWith({ "--adapter": folder.path("nowhere") })).toMatch(/^file-missing: /);
    const empty = folder.path("empty-adapter");
    mkdirSync(empty);
    expect(await trainWith({ "--adapter": empty })).toMatch(/^bad-adapter: adapter_config\.json is missing/);
  });

  it("refuses to overwrite an earlier run", async () => {
    expect(await trainWith({ "--out": folder.path("first") })).toMatch(/it holds an earlier run/);
  });

  it("says what to install when there is no Vulkan driver, and leaves no half-made run", async () => {
    for (const command of [
      () => trainWith({}),
      () => refusal("generate", "--model", model, "--prompt", "Hello!"),
      () => refusal("evaluate", "--model", model, "--data", dataset),
    ]) {
      const message = await command();
      expect(message).toContain("webgpu-missing: No Vulkan driver found.");
      expect(message).toContain("VK_ICD_FILENAMES");
    }
    expect(existsSync(folder.path("refused", "metrics.jsonl"))).toBe(false);
  });

  it("shows the commands and refuses a command or an option that is none", async () => {
    const help = (await run(["--help"], withoutDriver)).stdout;
    for (const command of ["train", "generate", "evaluate", "merge", "plan"]) expect(help).toContain(command);
    expect(await refusal("retrain")).toContain("unknown command 'retrain'");
    expect(await refusal("train", "--model", model)).toContain("--data");
  });
});

/** The file with the first element of a weight in the middle of the model set to a bf16 NaN. */
function withOneNaN(file: string): Uint8Array {
  const bytes = Buffer.from(readFileSync(file));
  const headerBytes = Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, 8 + headerBytes)) as Record<
    string,
    { dtype: string; data_offsets: [number, number] }
  >;
  const tensor = header["model.layers.3.mlp.up_proj.weight"]!;
  expect(tensor.dtype).toBe("BF16");
  bytes.writeUInt16LE(0x7fc0, 8 + headerBytes + tensor.data_offsets[0]);
  return bytes;
}
