// Safetensors: eight bytes of header length (u64, little-endian), a JSON header, then the tensors' bytes end to end.
// A model file comes from strangers, so every claim of the header is checked before anything is allocated for it.
// Knows nothing of where bytes come from, nor of models. Format: https://github.com/huggingface/safetensors#format

import { AppError, assert } from "../core/errors";
import { bitsOf, elementCount, type DType, type HostTensor } from "../core/host-tensor";
import { parseJsonObject, shownJson } from "../core/json";
import { duplicateKey } from "./duplicate-key";

export interface TensorInfo {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** Bytes of the file, absolute: the tensor is [begin, end). */
  readonly begin: number;
  readonly end: number;
}

export interface SafetensorsHeader {
  readonly tensors: Map<string, TensorInfo>;
  readonly metadata: Map<string, string>;
}

/** Longest header that is read, in bytes; real headers of 400 layers stay below 1 MB. */
export const maximumHeaderBytes = 25_000_000;
const maximumRank = 8;
const maximumNameLength = 1024;

/**
 * Bytes from the start of the file that hold length and header together, read off its first eight bytes.
 * Throws `bad-model-file` when they are no safetensors beginning.
 */
export function headerEnd(start: Uint8Array, fileBytes: number, fileName: string): number {
  refuseOtherFormats(start, fileName);
  if (fileBytes < 8 || start.length < 8) {
    throw bad(fileName, `it has ${fileBytes} bytes; a safetensors file has at least 8. Download it again`);
  }
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > BigInt(maximumHeaderBytes)) {
    throw bad(
      fileName,
      `its header claims ${length} bytes; the largest that is read is ${maximumHeaderBytes}. This is no safetensors file`,
    );
  }
  const end = 8 + Number(length);
  if (end > fileBytes) {
    throw bad(
      fileName,
      `its header should end at byte ${end}, but the file has only ${fileBytes}. The download was cut off`,
    );
  }
  return end;
}

/**
 * Checks and reads a header. `start` holds at least the first `headerEnd` bytes of the file, `fileBytes` is the length
 * of the whole file. Throws `bad-model-file` naming the file and, where there is one, the tensor.
 */
export function parseSafetensorsHeader(
  start: Uint8Array,
  fileBytes: number,
  fileName: string,
): SafetensorsHeader {
  const dataStart = headerEnd(start, fileBytes, fileName);
  assert(
    start.length >= dataStart,
    `got ${start.length} bytes of ${fileName}, need the ${dataStart} of its header`,
  );
  const header = parseHeaderJson(start.subarray(8, dataStart), fileName);
  const tensors = new Map<string, TensorInfo>();
  const metadata = new Map<string, string>();
  for (const [name, value] of Object.entries(header)) {
    if (name === "__metadata__") readMetadata(value, metadata, fileName);
    else tensors.set(name, readEntry(name, value, dataStart, fileName));
  }
  checkRanges(tensors, dataStart, fileBytes, fileName);
  return { tensors, metadata };
}

/** Reads a whole safetensors file that is in memory. The tensors' bytes are views into `bytes`. */
export function readSafetensors(
  bytes: Uint8Array,
  fileName: string,
): { tensors: Map<string, HostTensor>; metadata: Map<string, string> } {
  const header = parseSafetensorsHeader(bytes, bytes.length, fileName);
  const tensors = new Map<string, HostTensor>();
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    tensors.set(name, { dtype, shape, bytes: bytes.subarray(begin, end) });
  }
  return { tensors, metadata: header.metadata };
}

/** The header of a file to be written, and the order in which the tensors' bytes must follow it. */
export interface SafetensorsLayout {
  readonly header: Uint8Array;
  readonly order: readonly string[];
  /** Length of the whole file. */
  readonly fileBytes: number;
}

/**
 * Lays out a file as the reference library does: widest dtype first, then by name, header padded with spaces so that
 * the data begin at a multiple of eight.
 */
export function layoutSafetensors(
  tensors: Iterable<readonly [string, { readonly dtype: DType; readonly shape: readonly number[] }]>,
  metadata: Readonly<Record<string, string>> = {},
): SafetensorsLayout {
  const sorted = [...tensors].sort(
    ([nameA, a], [nameB, b]) =>
      bitsOf[b.dtype] - bitsOf[a.dtype] || (nameA < nameB ? -1 : nameA > nameB ? 1 : 0),
  );
  // Entries instead of an object: integer-like names would change places, and "__proto__" would vanish.
  const entries: string[] = [];
  if (Object.keys(metadata).length) entries.push(`"__metadata__":${JSON.stringify(metadata)}`);
  let offset = 0;
  for (const [name, { dtype, shape }] of sorted) {
    assert(name !== "__metadata__", `got a tensor named ${name}, need another name`);
    const end = offset + byteLength(dtype, shape);
    entries.push(`${JSON.stringify(name)}:${JSON.stringify({ dtype, shape, data_offsets: [offset, end] })}`);
    offset = end;
  }
  const json = new TextEncoder().encode(`{${entries.join(",")}}`);
  const header = new Uint8Array(8 + Math.ceil(json.length / 8) * 8).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(header.length - 8), true);
  header.set(json, 8);
  return { header, order: sorted.map(([name]) => name), fileBytes: header.length + offset };
}

/** A whole safetensors file. PEFT and transformers expect the metadata `{ format: "pt" }`. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, HostTensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { header, order, fileBytes } = layoutSafetensors(tensors, metadata);
  const file = new Uint8Array(fileBytes);
  file.set(header);
  let offset = header.length;
  for (const name of order) {
    const { dtype, shape, bytes } = tensors.get(name)!;
    const need = byteLength(dtype, shape);
    assert(bytes.length === need, `got ${bytes.length} bytes for ${name} ${dtype} [${shape}], need ${need}`);
    file.set(bytes, offset);
    offset += need;
  }
  return file;
}

function byteLength(dtype: DType, shape: readonly number[]): number {
  return (elementCount(shape) * bitsOf[dtype]) / 8;
}

function parseHeaderJson(bytes: Uint8Array, fileName: string): Record<string, unknown> {
  if (bytes[0] !== 0x7b) throw bad(fileName, "its header doesn't begin with {. This is no safetensors file");
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0x20) end--;
  if (bytes[end - 1] !== 0x7d) throw bad(fileName, "its header doesn't end with } and spaces");
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes.subarray(0, end));
  } catch {
    throw bad(fileName, "its header is no valid JSON (it isn't UTF-8)");
  }
  const header = parseJsonObject(text, `${fileName}, header`);
  // JSON.parse keeps the last of two equal keys silently: two readers could then see different tensors in one file.
  const twice = duplicateKey(text);
  if (twice !== undefined) throw bad(fileName, `its header holds the key ${shownJson(twice)} twice`);
  return header;
}

function readMetadata(value: unknown, metadata: Map<string, string>, fileName: string): void {
  if (value === null) return; // MLX writes null for none, and the reference library reads it so
  if (typeof value !== "object" || Array.isArray(value)) {
    throw bad(fileName, "its __metadata__ is no object");
  }
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== "string")
      throw bad(fileName, `its __metadata__ field ${shownJson(key)} is no string`);
    metadata.set(key, text);
  }
}

function readEntry(name: string, value: unknown, dataStart: number, fileName: string): TensorInfo {
  const fail = (reason: string): AppError => bad(fileName, `tensor ${shownJson(name)}: ${reason}`);
  if (name.length > maximumNameLength)
    throw fail(`its name has ${name.length} characters, at most ${maximumNameLength} may be`);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fail("its entry is no object");
  const { dtype, shape, data_offsets: offsets } = value as Record<string, unknown>;
  if (typeof dtype !== "string" || !Object.hasOwn(bitsOf, dtype)) {
    throw fail(`unknown dtype ${shownJson(dtype)}; known are ${Object.keys(bitsOf).join(", ")}`);
  }
  if (!Array.isArray(shape) || shape.length > maximumRank || !shape.every(isCount)) {
    throw fail(`its shape is ${shownJson(shape)}; need up to ${maximumRank} whole numbers`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw fail(`its data_offsets are ${shownJson(offsets)}; need [begin, end]`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw fail(`it begins at ${begin}, after its end ${end}`);
  const bits =
    shape.reduce((product: bigint, extent: number) => product * BigInt(extent), 1n) *
    BigInt(bitsOf[dtype as DType]);
  if (bits !== BigInt(end - begin) * 8n) {
    throw fail(`${dtype} [${shape.join(", ")}] takes ${bits / 8n} bytes, but ${end - begin} are set aside`);
  }
  return { dtype: dtype as DType, shape, begin: dataStart + begin, end: dataStart + end };
}

/** Tensors must fill the data exactly: bytes that belong to two tensors or to none are how files smuggle things. */
function checkRanges(
  tensors: Map<string, TensorInfo>,
  dataStart: number,
  fileBytes: number,
  fileName: string,
): void {
  const sorted = [...tensors].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let expected = dataStart;
  for (const [name, { begin, end }] of sorted) {
    if (begin !== expected) {
      const what = begin < expected ? "overlaps the tensor before it" : "leaves a hole before it";
      throw bad(
        fileName,
        `tensor ${JSON.stringify(name)} ${what} (begins at byte ${begin}, expected ${expected})`,
      );
    }
    expected = end;
  }
  if (expected !== fileBytes) {
    const reason =
      expected > fileBytes ? "The download was cut off" : "Bytes after the last tensor are not allowed";
    throw bad(fileName, `its tensors end at byte ${expected}, the file at ${fileBytes}. ${reason}`);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function refuseOtherFormats(start: Uint8Array, fileName: string): void {
  const text = String.fromCharCode(...start.subarray(0, 48));
  if (text.startsWith("version https://git-lfs")) {
    throw bad(
      fileName,
      "it is a Git LFS pointer, not the weights themselves. Run `git lfs pull`, or download the file from the model's page",
    );
  }
  if (text.startsWith("PK\x03\x04") || /^\x80[\x02-\x05]/.test(text)) {
    throw bad(
      fileName,
      "it is a PyTorch pickle, which may run code when it is opened, so it is never read. Get the model as .safetensors",
    );
  }
  if (text.startsWith("GGUF")) throw bad(fileName, "it is a GGUF file. Get the model as .safetensors");
  if (/^\s*<(!doctype|html)/i.test(text)) {
    throw bad(
      fileName,
      "it is a web page, probably a login or error page that was saved in its place. Download it again",
    );
  }
}

function bad(fileName: string, reason: string): AppError {
  return new AppError("bad-model-file", `${fileName}: ${reason}.`);
}
