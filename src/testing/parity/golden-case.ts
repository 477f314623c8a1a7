// A golden folder of reference/golden: a small random model, an adapter, documents and what transformers + peft made
// of them. Read through a ModelSource, so that browsers can fetch what Node reads from disk.

import { layEndToEnd, type Batch, type TokenSequence } from "../../core/batch";
import { assert } from "../../core/errors";
import { toFloat32 } from "../../core/host-tensor";
import type { LoraConfig, RunConfig } from "../../core/run-config";
import { readPeftAdapter } from "../../export/peft";
import type { ModelSource } from "../../hub/model-source";
import { readSafetensors } from "../../hub/safetensors";

interface Expected {
  readonly supervised: number;
  readonly loss: number | null;
  readonly accuracy: number | null;
}

export interface GoldenCase {
  readonly lora: LoraConfig;
  readonly documents: readonly TokenSequence[];
  /** Groups of documents that stand in one micro-batch or packed row. */
  readonly batches: readonly {
    readonly name: string;
    readonly documents: readonly number[];
    readonly expected: Expected;
  }[];
  readonly expected: Expected;
  /** The likeliest tokens after a document, with the adapter, by transformers' generate. Absent in llama's folders. */
  readonly greedy?: { readonly document: number; readonly answer: readonly number[] };
  /** Tensors of adapter/, which peft wrote, as the product reads them. */
  readonly adapter: ReadonlyMap<string, Float32Array>;
  /** base.logits.I, adapter.logits.I, merged.logits.I, gradient.<PEFT tensor name> */
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

export interface GoldenCurve {
  readonly config: RunConfig;
  readonly documents: readonly TokenSequence[];
  readonly steps: readonly {
    readonly loss: number;
    readonly learningRate: number;
    readonly gradientNorm: number;
  }[];
  /** The adapter after the last step. */
  readonly final: ReadonlyMap<string, Float32Array>;
}

type JsonDocument = { readonly ids: number[]; readonly trained: number[] };

export async function readGoldenCase(source: ModelSource): Promise<GoldenCase> {
  const json = JSON.parse(await source.text("case.json")) as Omit<GoldenCase, "documents"> & {
    documents: JsonDocument[];
  };
  return {
    ...json,
    documents: json.documents.map(sequenceOf),
    adapter: await readAdapter(source, json.lora),
    tensors: await readFloats(source, "expected.safetensors"),
  };
}

export async function readGoldenCurve(source: ModelSource): Promise<GoldenCurve> {
  const json = JSON.parse(await source.text("curve.json")) as Omit<GoldenCurve, "documents"> & {
    documents: JsonDocument[];
  };
  return {
    ...json,
    documents: json.documents.map(sequenceOf),
    final: await readFloats(source, "final.safetensors"),
  };
}

/** The case's documents with these indices as one stream. */
export function batchOf(golden: GoldenCase, indices: readonly number[]): Batch {
  return layEndToEnd(indices.map((index) => golden.documents[index]!));
}

async function readAdapter(source: ModelSource, lora: LoraConfig): Promise<Map<string, Float32Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of ["adapter_config.json", "adapter_model.safetensors"]) {
    const path = `adapter/${name}`;
    files.set(name, await source.read(path, 0, await source.size(path)));
  }
  const { config, tensors } = readPeftAdapter(files);
  for (const field of ["rank", "alpha", "dropout", "rsLora"] as const) {
    assert(
      config[field] === lora[field],
      `${source.name}: adapter_config.json says ${field} ${config[field]}`,
    );
  }
  return new Map([...tensors].map(([name, tensor]) => [name, toFloat32(tensor)]));
}

/** Tensor name → values. */
export async function readFloats(source: ModelSource, file: string): Promise<Map<string, Float32Array>> {
  const bytes = await source.read(file, 0, await source.size(file));
  const { tensors } = readSafetensors(bytes, `${source.name}/${file}`);
  return new Map([...tensors].map(([name, tensor]) => [name, toFloat32(tensor)]));
}

function sequenceOf({ ids, trained }: JsonDocument): TokenSequence {
  return { ids: Uint32Array.from(ids), trained: Uint8Array.from(trained) };
}
