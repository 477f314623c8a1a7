// Cached decoding against transformers + peft: the logits of documents that are read in chunks and token by token.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDecoder } from "../engine/open-decoder";
import { folderSource } from "../headless/folder-source";
import { sharedBankBytes } from "../program/plan";
import { relativeError } from "../testing/check";
import { DecoderUnderTest } from "../testing/parity/decoder-under-test";
import { readGoldenCase, type GoldenCase } from "../testing/parity/golden-case";
import { LOGITS_LIMIT } from "../testing/parity/model-parity";
import { testGpu } from "../testing/test-gpu";
import { layEndToEnd } from "../core/batch";
import { Generator, planGeneration } from "./generator";
import { greedy } from "./sampler";

interface Subject {
  readonly golden: GoldenCase;
  readonly decoder: DecoderUnderTest;
  readonly generator: Generator;
  readonly context: number;
  readonly vocabulary: number;
}

async function open(folder: string): Promise<Subject> {
  const source = folderSource(`e2e/golden/${folder}`);
  const golden = await readGoldenCase(source);
  const opened = await openDecoder(source);
  const longest = Math.max(...golden.documents.map(({ ids }) => ids.length));
  const context = longest + 16;
  const decoder = await DecoderUnderTest.open(await testGpu(), opened, golden.lora, context);
  decoder.setAdapter(golden.adapter);
  const plan = planGeneration(decoder.model.decoder, context);
  const plans = [plan.prefill, plan.decode];
  const own = [plan.tokens, plan.positions, plan.lastRow, plan.logits];
  await decoder.memory.allocate([...plans.flatMap(({ residents }) => residents), ...own]);
  await decoder.memory.allocateBanks(sharedBankBytes(plans));
  const generator = await Generator.create(decoder.memory, plan);
  return { golden, decoder, generator, context, vocabulary: opened.config.vocabulary };
}

/** Row `t` of the golden logits of document `index`. */
function goldenRow({ golden, vocabulary }: Subject, index: number, t: number): Float32Array {
  return golden.tensors.get(`adapter.logits.${index}`)!.subarray(t * vocabulary, (t + 1) * vocabulary);
}

/** Logits after one more token behind `past` cached ones, as generation computes them. */
function step({ generator }: Subject, id: number, past: number): Promise<Float32Array> {
  return generator["advance"](generator["decode"], Uint32Array.of(id), past);
}

function likeliest(logits: Float32Array): number {
  return logits.reduce((best, value, id) => (value > logits[best]! ? id : best), 0);
}

const folders = [
  // Grouped heads; one group for all heads with an odd head size; documents beyond 300 tokens with llama3 RoPE; bf16.
  ...["llama-grouped", "llama-single-group", "llama-long", "llama-tied-bf16"],
  // Windows; caps and windows; two tables of rotary positions; layers without positions.
  ...["mistral-windowed", "gemma2-grouped", "gemma3_text-grouped", "smollm3-grouped"],
  // Fused projections in blocks and by head; learned positions; interleaved pairs and a head with a bias.
  ...["phi3-grouped", "gpt_neox-parallel", "gpt2-tied", "gptj-partial"],
];

describe.each(folders)("generation with %s and its adapter", (folder) => {
  let subject: Subject;
  let long: { readonly index: number; readonly ids: Uint32Array };

  beforeAll(async () => {
    subject = await open(folder);
    const lengths = subject.golden.documents.map(({ ids }) => ids.length);
    const index = lengths.indexOf(Math.max(...lengths));
    long = { index, ids: subject.golden.documents[index]!.ids };
  });
  afterAll(() => {
    subject.generator.dispose();
    subject.decoder.dispose();
  });

  it("reads a prompt longer than a chunk with the logits of transformers + peft", async () => {
    const { ids, index } = long;
    expect(ids.length).toBeGreaterThan(64);
    for (const length of [1, 7, 63, 64, 65, ids.length]) {
      const got = await subject.generator.read(ids.subarray(0, length));
      expect(
        relativeError(got, goldenRow(subject, index, length - 1)),
        `${length} tokens`,
      ).toBeLessThanOrEqual(LOGITS_LIMIT);
    }
  });

  it("goes on token by token with the same logits", async () => {
    const { ids, index } = long;
    // Across the first chunk's border, and behind a prompt of several chunks.
    for (const begin of new Set([60, Math.max(60, ids.length - 8)])) {
      await subject.generator.read(ids.subarray(0, begin));
      const end = Math.min(ids.length, begin + 12);
      for (let past = begin; past < end; past++) {
        const got = await step(subject, ids[past]!, past);
        expect(relativeError(got, goldenRow(subject, index, past)), `token ${past}`).toBeLessThanOrEqual(
          LOGITS_LIMIT,
        );
      }
    }
  });

  it("keeps nothing of an earlier, longer prompt", async () => {
    await subject.generator.read(long.ids);
    for (const [index, { ids }] of subject.golden.documents.entries()) {
      if (ids.length > 20) continue;
      const got = await subject.generator.read(ids);
      expect(relativeError(got, goldenRow(subject, index, ids.length - 1))).toBeLessThanOrEqual(LOGITS_LIMIT);
    }
  });
});

describe("a generated answer", () => {
  let subject: Subject;
  let prompt: Uint32Array;
  const options = { ...greedy, maxNewTokens: 10, stopIds: [] };
  const answer = async (ids: Uint32Array, changed: object = {}): Promise<number[]> => {
    const found: number[] = [];
    for await (const id of subject.generator.generate(ids, { ...options, ...changed })) found.push(id);
    return found;
  };

  beforeAll(async () => {
    subject = await open("llama-grouped");
    prompt = subject.golden.documents.find(({ ids }) => ids.length === 17)!.ids;
  });
  afterAll(() => {
    subject.generator.dispose();
    subject.decoder.dispose();
  });

  it("follows the likeliest tokens of the decoder without a cache", async () => {
    const got = await answer(prompt);
    expect(got).toHaveLength(10);
    const whole = Uint32Array.of(...prompt, ...got);
    const logits = await uncached(whole);
    got.forEach((id, i) => {
      const row = prompt.length + i - 1;
      const { vocabulary } = subject;
      expect(id, `token ${i}`).toBe(likeliest(logits.subarray(row * vocabulary, (row + 1) * vocabulary)));
    });
  });

  it("ends before a stop token and after maxNewTokens", async () => {
    const whole = await answer(prompt);
    expect(await answer(prompt, { stopIds: [whole[4]!] })).toEqual(whole.slice(0, whole.indexOf(whole[4]!)));
    expect(await answer(prompt, { maxNewTokens: 3 })).toEqual(whole.slice(0, 3));
    expect(await answer(prompt, { maxNewTokens: 0 })).toEqual([]);
  });

  it("ends where the context is full", async () => {
    const filled = Uint32Array.from({ length: subject.context - 4 }, (_, i) => i % subject.vocabulary);
    expect(await answer(filled)).toHaveLength(4);
  });

  it("needs a prompt that is not empty and leaves room", async () => {
    await expect(answer(new Uint32Array())).rejects.toThrow("The prompt is empty");
    await expect(answer(new Uint32Array(subject.context))).rejects.toThrow(
      `The prompt has ${subject.context} tokens; there is room for ${subject.context - 1}.`,
    );
  });

  it("is repeated by its seed", async () => {
    const sampled = { temperature: 1.5, seed: 11 };
    const first = await answer(prompt, sampled);
    expect(await answer(prompt, sampled)).toEqual(first);
    expect(await answer(prompt, { ...sampled, seed: 12 })).not.toEqual(first);
  });

  /** Logits (T,V) of a decoder of its own. */
  async function uncached(ids: Uint32Array): Promise<Float32Array> {
    const source = folderSource("e2e/golden/llama-grouped");
    const decoder = await DecoderUnderTest.open(
      await testGpu(),
      await openDecoder(source),
      subject.golden.lora,
      subject.context,
    );
    try {
      decoder.setAdapter(subject.golden.adapter);
      const trained = new Uint8Array(ids.length);
      return await decoder.logits(layEndToEnd([{ ids, trained }]), "adapter");
    } finally {
      decoder.dispose();
    }
  }
});
