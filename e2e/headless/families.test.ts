// Every model family from the command line: train a few steps, merge, evaluate and answer, with the adapter and with
// the merged model. The small random models of e2e/golden with a tokenizer of letters; what they say means nothing, but
// it must be the same twice.

import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EvaluationMetrics, RunEvent, StepMetrics } from "../../src/core/metrics";
import { defaultRunConfig, type RunConfig } from "../../src/core/run-config";
import { families } from "../../src/model/families";
import { buildCommandLine, jsonLines, readJson, scratchFolder, start, type Finished } from "./command-line";

const golden = "e2e/golden";
const folder = scratchFolder();
const run = (...args: readonly string[]): Promise<Finished> => start(args, folder.path("cache")).finished;

/** One id for each letter, so that the smallest vocabulary of a golden model holds them. */
const letters = [..."\u0000abcdefghijklmnopqrstuvwxyz .,"];
const tokenizer = {
  version: "1.0",
  added_tokens: [
    {
      id: letters.length,
      content: "</s>",
      special: true,
      normalized: false,
      lstrip: false,
      rstrip: false,
      single_word: false,
    },
  ],
  model: {
    type: "BPE",
    vocab: Object.fromEntries(letters.map((letter, id) => [letter, id])),
    merges: [],
    unk_token: "\u0000",
  },
  decoder: { type: "Fuse" },
};

const config: RunConfig = {
  ...defaultRunConfig,
  lora: { ...defaultRunConfig.lora, rank: 4, alpha: 8 },
  maxSteps: 3,
  microBatchSize: 2,
  learningRate: 1e-2,
  cutoffLength: 64,
  evaluationSplit: 0,
};

/** A family's golden model in f32, in which a merged weight loses nothing, as a folder that a person would have. */
function modelOf(family: string): string {
  const source = readdirSync(golden)
    .filter((name) => name.startsWith(`${family}-`))
    .find((name) => readJson<{ dtype?: string }>(join(golden, name, "config.json")).dtype === "float32")!;
  const target = folder.path(family);
  mkdirSync(target);
  for (const file of ["config.json", "model.safetensors"])
    cpSync(join(golden, source, file), join(target, file));
  writeFileSync(join(target, "tokenizer.json"), JSON.stringify(tokenizer));
  writeFileSync(join(target, "tokenizer_config.json"), JSON.stringify({ eos_token: "</s>" }));
  return target;
}

describe.each(Object.keys(families))("a model of the family %s", (family) => {
  let model: string;
  let out: string;

  beforeAll(() => {
    buildOnce();
    model = modelOf(family);
    out = folder.path(`${family}-run`);
    const rows = ["a plain row.", "another, longer row of text.", "the last one"].map((text) => ({ text }));
    writeFileSync(folder.path("rows.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    writeFileSync(folder.path("run.json"), JSON.stringify(config));
  });

  it("is planned and trained from the command line", async () => {
    const data = ["--data", folder.path("rows.jsonl"), "--config", folder.path("run.json")];
    const planned = await run("plan", "--model", model, ...data);
    expect(planned.code, planned.stderr).toBe(0);
    const trained = await run("train", "--model", model, ...data, "--out", out);
    expect(trained.code, trained.stderr).toBe(0);
    const events = jsonLines<RunEvent>(trained.stdout);
    const steps = events.filter((event): event is StepMetrics => event.kind === "step");
    expect(steps).toHaveLength(3);
    for (const { loss, gradientNorm } of steps) {
      expect(Number.isFinite(loss)).toBe(true);
      expect(gradientNorm).toBeGreaterThan(0);
    }
    const written = readJson<{ fan_in_fan_out: boolean; target_modules: string[] }>(
      join(out, "adapter", "adapter_config.json"),
    );
    expect(written.fan_in_fan_out).toBe(family === "gpt2");
    const { linear } = families[family as keyof typeof families].layer(0);
    const names = [...new Set(Object.values(linear).map((path) => path.split(".").at(-1)!))].sort();
    expect(written.target_modules).toEqual(names);
  });

  it("is with its adapter what the merged model is, and without it another", async () => {
    const merged = folder.path(`${family}-merged`);
    const adapter = ["--adapter", join(out, "adapter")];
    const merging = await run("merge", "--model", model, ...adapter, "--out", merged);
    expect(merging.code, merging.stderr).toBe(0);
    const asked = async (
      command: string,
      settings: readonly string[],
      ...args: string[]
    ): Promise<string> => {
      const { code, stdout, stderr } = await run(command, ...args, ...settings);
      expect(code, stderr).toBe(0);
      return stdout;
    };
    const lossOf = async (...args: string[]): Promise<number> => {
      const data = ["--data", folder.path("rows.jsonl"), "--config", folder.path("run.json")];
      return (JSON.parse(await asked("evaluate", data, ...args)) as EvaluationMetrics).loss;
    };
    const adapted = await lossOf("--model", model, ...adapter);
    expect(Math.abs((await lossOf("--model", merged)) / adapted - 1)).toBeLessThan(1e-5);
    expect(adapted).toBeLessThan(0.99 * (await lossOf("--model", model)));

    const prompt = ["--prompt", "the first row", "--raw", "--temperature", "0", "--max-tokens", "12"];
    const answer = await asked("generate", prompt, "--model", model, ...adapter);
    expect(await asked("generate", prompt, "--model", merged)).toBe(answer);
  });
});

afterAll(() => folder.remove());

let built = false;
function buildOnce(): void {
  if (!built) buildCommandLine();
  built = true;
}
