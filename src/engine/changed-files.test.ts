// Files of a model, each with a value or two changed at random: whatever is changed, the model opens and is planned, or is
// refused with a message that says why. Other errors, and ones that print a whole file, would be faults of ours.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { seededRandom } from "../../e2e/hub/faults.js";
import { AppError } from "../core/errors";
import { defaultRunConfig } from "../core/run-config";
import { sentencePieceJson } from "../data/tokenizer.fixture";
import { families } from "../model/families";
import { goldenFolders } from "../testing/parity/golden-folders";
import type { ModelSource } from "../hub/model-source";
import { chatMemory, forecastRun } from "./model-survey";
import { openModel } from "./open-model";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type Random = () => number;

const CHANGES = 25;
const LONGEST_MESSAGE = 2000;

const oddValues: readonly Json[] = [
  ...[null, true, false, 0, -1, 1, 3, 7, 0.5, 1e-300, 1e308, 2 ** 53, 1e9, 1e5],
  ...["", "x", "1", "\ud800", "__proto__", "constructor", "x".repeat(200_000)],
  ...[[], [[]], [1], ["a"], [null], {}, { type: "x" }, { type: null }, { content: 1 }, { Regex: "(" }],
  ...[{ type: "Sequence" }, { type: "Sequence", decoders: [null] }, { type: "Sequence", normalizers: [{}] }],
  ...[{ type: "Split" }, { type: "ByteLevel" }, { type: "Replace" }, { rope_type: "linear", factor: 0 }],
];

const smallFiles: Readonly<Record<string, Json>> = {
  "tokenizer.json": {
    ...(sentencePieceJson() as { [key: string]: Json }),
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        { type: "Split", pattern: { Regex: "\\s+" }, behavior: "MergedWithNext", invert: false },
        { type: "Metaspace", replacement: "▁", prepend_scheme: "first", split: false },
        { type: "Digits", individual_digits: true },
      ],
    },
  },
  "tokenizer_config.json": {
    bos_token: "<s>",
    eos_token: { content: "</s>" },
    chat_template: [
      {
        name: "default",
        template: "{% for turn in messages %}{{ turn.content }}{{ eos_token }}{% endfor %}",
      },
    ],
  },
  "special_tokens_map.json": { eos_token: { content: "</s>" }, pad_token: "<unk>" },
  "generation_config.json": { eos_token_id: [1, 2], bos_token_id: 1, pad_token_id: 0 },
};

/** Every place of a value in which there is another. */
function places(value: Json, at: readonly (string | number)[] = []): (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [at];
  const inner = Array.isArray(value) ? [...value.slice(0, 4).entries()] : Object.entries(value).slice(0, 60);
  return [at, ...inner.flatMap(([key, entry]) => places(entry, [...at, key]))];
}

/** `value` with another at one place, or without it. */
function changed(value: Json, random: Random): Json {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;
  const copy = structuredClone(value);
  const place = pick(places(copy));
  if (place.length === 0) return pick(oddValues);
  const holder = place
    .slice(0, -1)
    .reduce((inner: Json, key) => (inner as { [key: string]: Json })[key]!, copy);
  const [last] = place.slice(-1);
  if (random() < 0.2) Reflect.deleteProperty(holder as object, last!);
  else (holder as { [key: string]: Json })[last!] = pick(oddValues);
  return copy;
}

/** The folder's files, with these in their place. */
function withFiles(source: ModelSource, files: Readonly<Record<string, Uint8Array>>): ModelSource {
  const own = (file: string): Uint8Array | undefined =>
    Object.hasOwn(files, file) ? files[file] : undefined;
  return {
    name: source.name,
    has: async (file) => own(file) !== undefined || source.has(file),
    text: async (file) => (own(file) ? new TextDecoder().decode(own(file)) : source.text(file)),
    read: async (file, begin, end) => own(file)?.subarray(begin, end) ?? source.read(file, begin, end),
    size: async (file) => own(file)?.length ?? source.size(file),
  };
}

async function use(source: ModelSource): Promise<void> {
  const { decoder, chat } = await openModel(source);
  const survey = { reference: { name: source.name }, decoder } as Parameters<typeof chatMemory>[0];
  forecastRun(survey, { ...defaultRunConfig, cutoffLength: 32 });
  chatMemory(survey);
  chat.tokenizer.encodeAligned("Hello wörld 🙂 <s> 123");
  chat.tokenizer.decode([0, 1, 2, 3, 30], { skipSpecial: false });
}

async function complaint(source: ModelSource): Promise<string> {
  try {
    await use(source);
  } catch (error) {
    if (!(error instanceof AppError)) return `${String(error)}\n${(error as Error).stack}`;
    if (error.message.length > LONGEST_MESSAGE) return `${error.message.length} characters: ${error.message}`;
  }
  return "";
}

const bytesOf = (json: Json): Uint8Array => new TextEncoder().encode(JSON.stringify(json));
const unchanged = Object.fromEntries(Object.entries(smallFiles).map(([name, json]) => [name, bytesOf(json)]));

describe("a model with a file changed at random opens, or is refused with a message", () => {
  it.each(Object.keys(families))("%s", async (family) => {
    const folder = goldenFolders(family)[0]!;
    await use(withFiles(folder, unchanged));
    const random = seededRandom(family.length * 1000 + family.charCodeAt(1));
    const weights = readFileSync(`e2e/golden/${folder.name}/model.safetensors`);
    const headerEnd = 8 + Number(weights.readBigUInt64LE());
    const files: Readonly<Record<string, Json>> = {
      ...smallFiles,
      "config.json": JSON.parse(await folder.text("config.json")) as Json,
      "model.safetensors": JSON.parse(weights.toString("utf8", 8, headerEnd)) as Json,
    };
    for (const [name, json] of Object.entries(files)) {
      for (let i = 0; i < CHANGES; i++) {
        const other = changed(random() < 0.5 ? json : changed(json, random), random);
        let bytes = bytesOf(other);
        if (name === "model.safetensors") {
          const length = Buffer.alloc(8);
          length.writeBigUInt64LE(BigInt(bytes.length));
          bytes = Buffer.concat([length, bytes, weights.subarray(headerEnd)]);
        }
        const what = `${name}: ${JSON.stringify(other).slice(0, LONGEST_MESSAGE)}`;
        expect(await complaint(withFiles(folder, { ...unchanged, [name]: bytes })), what).toBe("");
      }
    }
  });
});
