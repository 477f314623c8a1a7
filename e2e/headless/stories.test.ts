// A small model that somebody else trained: stories260K of karpathy's tinyllamas, in Hugging Face's layout, with what a
// float64 computation of its own says it answers. The files are no part of the repository; where they are not at hand,
// nothing of this file runs and a line says so.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunEvent, StepMetrics } from "../../src/core/metrics";
import { ChatSession } from "../../src/engine/chat-session";
import { openModel } from "../../src/engine/open-model";
import { greedy } from "../../src/generate/sampler";
import { openNodeGpu } from "../../src/gpu/node-gpu";
import { folderSource } from "../../src/headless/folder-source";
import { buildCommandLine, jsonLines, readJson, scratchFolder, start } from "./command-line";

const model = process.env["TABTUNE_STORIES"] ?? "../shared/data/weights/stories260K-hf-derived";

interface Reference {
  readonly cases: readonly (
    | {
        readonly prompt: string;
        readonly prompt_ids: readonly number[];
        readonly greedy_ids: readonly number[];
        readonly text: string;
      }
    | { readonly text_ce: string; readonly mean_ce: number }
  )[];
}

if (existsSync(join(model, "reference_greedy.json"))) {
  describe("stories260K", stories);
} else {
  describe("stories260K", () => {
    it("is not at hand, so it was not tried (TABTUNE_STORIES names its folder)", () => {
      console.warn(`stories260K was NOT tried: there is no ${model}`);
      expect(existsSync(model)).toBe(false);
    });
  });
}

function stories(): void {
  const { cases } = readJson<Reference>(join(model, "reference_greedy.json"));
  const answers = cases.filter((one) => "greedy_ids" in one);
  const texts = cases.filter((one) => "mean_ce" in one);
  const folder = scratchFolder();
  const run = (...args: string[]) => start(args, folder.path("cache")).finished;
  /** Rows of running text, one a line. */
  const writeRows = (name: string, rows: readonly string[]): string => {
    const file = folder.path(name);
    writeFileSync(file, rows.map((text) => `${JSON.stringify({ text })}\n`).join(""));
    return file;
  };

  beforeAll(buildCommandLine, 120_000);
  afterAll(() => folder.remove());

  it("gives the stored ids, token by token", async () => {
    expect(answers.length).toBeGreaterThanOrEqual(3);
    const opened = await openModel(folderSource(model));
    const gpu = await openNodeGpu();
    const session = await ChatSession.open(gpu, opened, { context: 128 });
    try {
      for (const { prompt, prompt_ids, greedy_ids } of answers) {
        expect([...opened.chat.tokenizer.encode(prompt, { addSpecial: true })]).toEqual(prompt_ids);
        const ids: number[] = [];
        const options = { ...greedy, maxNewTokens: greedy_ids.length, stopIds: [] };
        for await (const id of session.generator.generate(Uint32Array.from(prompt_ids), options))
          ids.push(id);
        expect(ids).toEqual(greedy_ids);
      }
    } finally {
      session.dispose();
      gpu.dispose();
    }
  });

  it("continues a text on the command line as stored", async () => {
    const { prompt, greedy_ids, text } = answers[0]!;
    const count = String(greedy_ids.length);
    const done = await run("generate", "--model", model, "--raw", "--prompt", prompt, "--max-tokens", count);
    expect(done.code, done.stderr).toBe(0);
    expect(prompt + done.stdout.replace(/\n$/, "")).toBe(text);
  });

  it("is trained on rows of running text, and remembers them", async () => {
    const rows = ["The blue fox lived on the moon.", "The moon was made of soft green cake."];
    const data = writeRows("rows.jsonl", rows);
    const config = folder.path("run.json");
    const settings = {
      maxSteps: 120,
      microBatchSize: 2,
      learningRate: 1e-2,
      evaluationSplit: 0,
      cutoffLength: 64,
    };
    writeFileSync(config, JSON.stringify(settings));
    const out = folder.path("out");
    const done = await run("train", "--model", model, "--data", data, "--config", config, "--out", out);
    expect(done.code, done.stderr).toBe(0);
    const steps = jsonLines<RunEvent>(done.stdout).filter((one): one is StepMetrics => one.kind === "step");
    expect(steps).toHaveLength(120);
    expect(steps[0]!.loss).toBeGreaterThan(2);
    // It has never seen its end token: that row of its embedding is the same as those of some 200 unused bytes, so no
    // adapter can prefer it. All but the two ends and the choice between "blue" and "moon" can be learned.
    const { tokenAccuracy, supervisedTokens } = steps.at(-1)!;
    expect(tokenAccuracy * supervisedTokens).toBeCloseTo(supervisedTokens - 3, 6);
    expect(readFileSync(join(out, "adapter", "adapter_model.safetensors")).length).toBeGreaterThan(0);

    const begun = ["--raw", "--prompt", "The blue fox lived", "--max-tokens", "32"];
    const after = await run("generate", "--model", model, "--adapter", join(out, "adapter"), ...begun);
    expect(`The blue fox lived${after.stdout}`.slice(0, rows[0]!.length)).toBe(rows[0]);
  });

  it("has the stored mean cross-entropy on texts", async () => {
    for (const { text_ce, mean_ce } of texts) {
      // The reference scores the text's own tokens; a row of running text has an end of text behind it.
      const opened = await openModel(folderSource(model));
      const { tokenizer } = opened.chat;
      const ids = tokenizer.encode(text_ce, { addSpecial: true });
      const data = writeRows("text.jsonl", [text_ce]);
      const config = folder.path("evaluate.json");
      writeFileSync(config, JSON.stringify({ cutoffLength: ids.length }));
      const done = await run("evaluate", "--model", model, "--data", data, "--config", config);
      expect(done.code, done.stderr).toBe(0);
      const { loss, supervisedTokens } = JSON.parse(done.stdout) as {
        loss: number;
        supervisedTokens: number;
      };
      expect(supervisedTokens).toBe(ids.length - 1);
      expect(Math.abs(loss / mean_ce - 1)).toBeLessThan(1e-5);
    }
  });
}
