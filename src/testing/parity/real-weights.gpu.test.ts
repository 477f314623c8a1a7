// Two real checkpoints, where they are at hand beside the repository: a Llama that tells stories and a GPT-2 that sorts
// digits. What they should say was computed outside of transformers, by their authors' own code or in float64.

import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { layEndToEnd } from "../../core/batch";
import { openDecoder } from "../../engine/open-decoder";
import { folderSource } from "../../headless/folder-source";
import { relativeError } from "../check";
import { testGpu } from "../test-gpu";
import { DecoderUnderTest } from "./decoder-under-test";
import { LOGITS_LIMIT } from "./model-parity";

const root = "../shared/data/weights";
const lora = { rank: 4, alpha: 8, dropout: 0, targetModules: "all-linear", rsLora: false } as const;

async function open(folder: string, tokens: number): Promise<DecoderUnderTest> {
  const opened = await openDecoder(folderSource(`${root}/${folder}`));
  const subject = await DecoderUnderTest.open(await testGpu(), opened, lora, tokens);
  subject.startAdapter(1);
  return subject;
}

function readReference<T>(file: string): T {
  return JSON.parse(readFileSync(`${root}/${file}`, "utf8")) as T;
}

describe.runIf(existsSync(`${root}/stories260K-hf-derived`))("a real llama of 260,000 weights", () => {
  it("tells its stories", async () => {
    const { cases } = readReference<{ cases: { prompt_ids?: number[]; greedy_ids?: number[] }[] }>(
      "stories260K-hf-derived/reference_greedy.json",
    );
    const told = cases.filter((one) => one.greedy_ids);
    expect(told.length).toBeGreaterThanOrEqual(3);
    for (const { prompt_ids, greedy_ids } of told) {
      const subject = await open("stories260K-hf-derived", 96);
      try {
        const answer = await subject.greedyAnswer(Uint32Array.from(prompt_ids!), greedy_ids!.length);
        expect(answer).toEqual(greedy_ids);
      } finally {
        subject.dispose();
      }
    }
  });
});

describe.runIf(existsSync(`${root}/gpt-nano-sort-hf-derived`))("a real gpt2 that sorts six digits", () => {
  it("gives its authors' logits", async () => {
    const { input_ids, logits } = readReference<{ input_ids: number[][]; logits: number[][][] }>(
      "gpt-nano-sort-hf-derived/reference_logits.json",
    );
    const subject = await open("gpt-nano-sort-hf-derived", 11);
    try {
      for (const [row, ids] of input_ids.entries()) {
        const sequence = { ids: Uint32Array.from(ids), trained: new Uint8Array(ids.length) };
        const got = await subject.logits(layEndToEnd([sequence]), "adapter");
        expect(relativeError(got, logits[row]!.flat())).toBeLessThanOrEqual(LOGITS_LIMIT);
      }
    } finally {
      subject.dispose();
    }
  });
});
