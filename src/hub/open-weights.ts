// Opens a model folder's weights: one model.safetensors, or shards listed by model.safetensors.index.json.
// Only headers are read here; a tensor's bytes are read when it is asked for. Knows nothing of model families.

import { AppError, assert } from "../core/errors";
import type { HostTensor } from "../core/host-tensor";
import { isObject, parseJsonObject, shownJson } from "../core/json";
import type { ModelSource } from "./model-source";
import { headerEnd, parseSafetensorsHeader, type TensorInfo } from "./safetensors";

export interface Weights {
  /** The source's name, for messages. */
  readonly name: string;
  readonly tensors: ReadonlyMap<string, TensorInfo & { readonly file: string }>;
  /** Reads one tensor; throws `bad-model-file` when there is none of that name. */
  read(name: string): Promise<HostTensor>;
  /** Bytes [begin, end) of one tensor, for tensors too large to be held whole. */
  readPart(name: string, begin: number, end: number): Promise<Uint8Array>;
}

export const singleFile = "model.safetensors";
export const indexFile = "model.safetensors.index.json";
const maximumShards = 1000;
/** A shard lies beside its index: no slash, so no way out of the folder. */
const shardName = /^[\w.-]+\.safetensors$/;

/** Reads and checks the headers of all weight files. Throws `file-missing` or `bad-model-file`. */
export async function openWeights(source: ModelSource): Promise<Weights> {
  const tensors = new Map<string, TensorInfo & { file: string }>();
  if (await source.has(singleFile)) {
    for (const [name, info] of await readHeader(source, singleFile))
      tensors.set(name, { ...info, file: singleFile });
  } else if (await source.has(indexFile)) {
    await openShards(source, tensors);
  } else {
    throw new AppError("file-missing", await whatIsMissing(source));
  }
  const infoOf = (name: string): TensorInfo & { readonly file: string } => {
    const info = tensors.get(name);
    if (info) return info;
    throw new AppError("bad-model-file", `${source.name}: there is no tensor named ${JSON.stringify(name)}.`);
  };
  const readPart = async (name: string, begin: number, end: number): Promise<Uint8Array> => {
    const info = infoOf(name);
    assert(begin <= end && info.begin + end <= info.end, `got bytes [${begin}, ${end}) of tensor ${name}`);
    const bytes = await source.read(info.file, info.begin + begin, info.begin + end);
    if (bytes.length === end - begin) return bytes;
    throw new AppError(
      "bad-model-file",
      `${source.name}/${info.file}: got ${bytes.length} bytes of tensor ${JSON.stringify(name)}, need ${end - begin}. The file changed while it was read, or was cut off.`,
    );
  };
  const read = async (name: string): Promise<HostTensor> => {
    const { dtype, shape, begin, end } = infoOf(name);
    return { dtype, shape, bytes: await readPart(name, 0, end - begin) };
  };
  return { name: source.name, tensors, read, readPart };
}

async function openShards(
  source: ModelSource,
  tensors: Map<string, TensorInfo & { file: string }>,
): Promise<void> {
  const placeOf = parseIndex(await source.text(indexFile), `${source.name}/${indexFile}`);
  const shards = new Set(placeOf.values());
  for (const file of [...shards].sort()) {
    const header = await readHeader(source, file);
    for (const [name, info] of header) {
      const place = placeOf.get(name);
      if (place === undefined) continue; // transformers ignores what the index doesn't list, and so do we
      if (place !== file) {
        throw new AppError(
          "bad-model-file",
          `${source.name}/${file}: it holds tensor ${JSON.stringify(name)}, which ${indexFile} places in ${place}.`,
        );
      }
      tensors.set(name, { ...info, file });
    }
  }
  for (const [name, file] of placeOf) {
    if (tensors.has(name)) continue;
    throw new AppError(
      "bad-model-file",
      `${source.name}/${file}: tensor ${JSON.stringify(name)} is missing, though ${indexFile} places it here. Download the file again.`,
    );
  }
}

async function readHeader(source: ModelSource, file: string): Promise<Map<string, TensorInfo>> {
  const label = `${source.name}/${file}`;
  const fileBytes = await source.size(file);
  // 64 bytes are enough to recognise what else the file may be.
  const end = headerEnd(await source.read(file, 0, Math.min(64, fileBytes)), fileBytes, label);
  return parseSafetensorsHeader(await source.read(file, 0, end), fileBytes, label).tensors;
}

/** Tensor name → shard. Throws `bad-model-file`. */
export function parseIndex(text: string, label: string): Map<string, string> {
  const { weight_map: map } = parseJsonObject(text, label);
  if (!isObject(map)) {
    throw new AppError(
      "bad-model-file",
      `${label}: "weight_map" is missing; it must map each tensor to its file.`,
    );
  }
  const placeOf = new Map<string, string>();
  for (const [name, file] of Object.entries(map)) {
    if (typeof file !== "string" || !shardName.test(file)) {
      throw new AppError(
        "bad-model-file",
        `${label}: tensor ${shownJson(name)} is placed in ${shownJson(file)}; a file name ending in .safetensors, without folders, is needed.`,
      );
    }
    placeOf.set(name, file);
  }
  if (placeOf.size === 0) throw new AppError("bad-model-file", `${label}: "weight_map" is empty.`);
  const shards = new Set(placeOf.values()).size;
  if (shards > maximumShards)
    throw new AppError("bad-model-file", `${label}: ${shards} shards; at most ${maximumShards} are read.`);
  return placeOf;
}

async function whatIsMissing(source: ModelSource): Promise<string> {
  for (const pickle of ["pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth"]) {
    if (await source.has(pickle)) {
      return `${source.name}: its weights are a PyTorch pickle (${pickle}), which may run code when it is opened, so it is never read. Get the model as .safetensors.`;
    }
  }
  return `${source.name}: neither ${singleFile} nor ${indexFile} is there. Choose the folder that holds config.json and the weights.`;
}
