// A PEFT adapter directory ↔ tensors in host memory: adapter_config.json, adapter_model.safetensors and a card. What is
// written is read again before it is handed out, and what is read is checked tensor by tensor, so that an empty or
// mismatched adapter is noticed here and not by a model that quietly answers like its base.
// Layout: facts measured with PEFT 0.21; https://huggingface.co/docs/peft/developer_guides/checkpoint

import { AppError, assert } from "../core/errors";
import { isFloatDType, toFloat32, type HostTensor } from "../core/host-tensor";
import { readSafetensors, writeSafetensors } from "../hub/safetensors";
import { adapterCard, type AdapterOrigin } from "./adapter-card";
import { readPeftConfig, writePeftConfig, type PeftConfig } from "./peft-config";

/** File name → content. */
export type AdapterFiles = ReadonlyMap<string, Uint8Array>;

export interface PeftAdapter {
  readonly config: PeftConfig;
  /** By PEFT's names: base_model.model.{module}.lora_A.weight (R,K) and ….lora_B.weight (O,R). */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

/** A layer that can be adapted: its weight is (rows, cols) = (O,K). */
export interface AdaptableLayer {
  readonly rows: number;
  readonly cols: number;
  /** Name of the weight in the checkpoint; the layer's path and ".weight" when absent. */
  readonly weight?: string;
  /** The checkpoint holds (K,O), as transformers' Conv1D does. */
  readonly transposed?: boolean;
}

const configFile = "adapter_config.json";
const tensorFile = "adapter_model.safetensors";
const cardFile = "README.md";

/** A and B by the path of the layer that they adapt, e.g. "model.layers.0.self_attn.q_proj". */
export function modulesOf(
  tensors: ReadonlyMap<string, HostTensor>,
): Map<string, { a: HostTensor; b: HostTensor }> {
  const halves = new Map<string, { a?: HostTensor; b?: HostTensor }>();
  const strange: string[] = [];
  for (const [name, tensor] of tensors) {
    const match = tensorName.exec(name);
    if (!match) strange.push(name);
    else halves.set(match[1]!, { ...halves.get(match[1]!), [match[2] === "A" ? "a" : "b"]: tensor });
  }
  if (strange.length > 0)
    throw bad(
      `${tensorFile}: unknown tensors ${listed(strange)}; LoRA tensors of linear layers are named base_model.model.….lora_A.weight`,
    );
  const modules = new Map<string, { a: HostTensor; b: HostTensor }>();
  const single: string[] = [];
  for (const [path, { a, b }] of halves) {
    if (a && b) modules.set(path, { a, b });
    else single.push(`${path} (lora_${a ? "B" : "A"} is missing)`);
  }
  if (single.length > 0) throw bad(`${tensorFile}: incomplete pairs: ${listed(single)}`);
  return modules;
}

/** Some PEFT versions left the adapter's name, "default", in the tensor names. */
const tensorName = /^base_model\.model\.(.+)\.lora_([AB])(?:\.default)?\.weight$/;

/** The files of the directory. Tensors are written as they are; the engine hands over F32. */
export function writePeftAdapter(adapter: PeftAdapter, origin?: AdapterOrigin): Map<string, Uint8Array> {
  const modules = modulesOf(adapter.tensors);
  const names = shortNames(modules.keys());
  const utf8 = new TextEncoder();
  const files = new Map([
    [configFile, utf8.encode(writePeftConfig(adapter.config, names))],
    [tensorFile, writeSafetensors(adapter.tensors, { format: "pt" })],
    [cardFile, utf8.encode(adapterCard(adapter.config, names, origin))],
  ]);
  const back = readPeftAdapter(files);
  assert(
    back.tensors.size === adapter.tensors.size,
    `got ${back.tensors.size} tensors back from the written adapter, need ${adapter.tensors.size}`,
  );
  return files;
}

/**
 * Reads and checks the files of a directory. With `layers` (path → weight shape of the base model) the adapter is also
 * checked against the model. Throws AppError("bad-adapter") or ("bad-model-file").
 */
export function readPeftAdapter(
  files: AdapterFiles,
  layers?: ReadonlyMap<string, AdaptableLayer>,
): PeftAdapter {
  const configBytes = files.get(configFile);
  if (!configBytes)
    throw bad(`${configFile} is missing. Choose the adapter's folder, which holds it beside ${tensorFile}`);
  const config = readPeftConfig(new TextDecoder().decode(configBytes), configFile);
  const tensorBytes = files.get(tensorFile);
  if (!tensorBytes) {
    const pickle = files.has("adapter_model.bin")
      ? ". adapter_model.bin is a PyTorch pickle, which may run code, and is never read; save the adapter as safetensors"
      : "";
    throw bad(`${tensorFile} is missing${pickle}`);
  }
  const { tensors: read } = readSafetensors(tensorBytes, tensorFile);
  if (read.size === 0) throw bad(`${tensorFile} holds no tensors. The adapter was saved without its weights`);
  const tensors = new Map(
    [...read].map(([name, tensor]) => [name.replace(/\.default\.weight$/, ".weight"), tensor]),
  );
  const modules = modulesOf(tensors);
  checkShapes(modules, config.rank, layers);
  const targetModules = shortNames(modules.keys());
  // The model's own layers decide, as in PEFT, which corrects the field where it is wrong.
  const { fanInFanOut: stated, ...rest } = config;
  const own = [...modules.keys()].map((path) => layers?.get(path)?.transposed);
  const fanInFanOut = layers ? own.includes(true) : stated;
  return { config: { ...rest, targetModules, ...(fanInFanOut && { fanInFanOut }) }, tensors };
}

/** True when every B is zero: such an adapter changes nothing. */
export function isUntrained(adapter: PeftAdapter): boolean {
  return [...modulesOf(adapter.tensors).values()].every(({ b }) =>
    toFloat32(b).every((value) => value === 0),
  );
}

function checkShapes(
  modules: ReadonlyMap<string, { a: HostTensor; b: HostTensor }>,
  rank: number,
  layers?: ReadonlyMap<string, AdaptableLayer>,
): void {
  const faults: string[] = [];
  const unknown: string[] = [];
  for (const [path, { a, b }] of modules) {
    for (const [half, tensor] of [
      ["A", a],
      ["B", b],
    ] as const) {
      if (!isFloatDType(tensor.dtype))
        faults.push(`${path}.lora_${half} has dtype ${tensor.dtype}, expected F32, F16 or BF16`);
      else if (!toFloat32(tensor).every(Number.isFinite))
        faults.push(`${path}.lora_${half} holds values that are not finite`);
    }
    const layer = layers?.get(path);
    if (layers && !layer) unknown.push(path);
    const wantedA = [rank, layer?.cols ?? a.shape[1]];
    const wantedB = [layer?.rows ?? b.shape[0], rank];
    if (a.shape.length !== 2 || String(a.shape) !== String(wantedA))
      faults.push(`${path}.lora_A is [${a.shape.join(", ")}], expected [${wantedA.join(", ")}]`);
    if (b.shape.length !== 2 || String(b.shape) !== String(wantedB))
      faults.push(`${path}.lora_B is [${b.shape.join(", ")}], expected [${wantedB.join(", ")}]`);
  }
  if (unknown.length > 0)
    throw bad(
      `${tensorFile}: the model has no layer ${listed(unknown)}. The adapter belongs to another model`,
    );
  if (faults.length > 0)
    throw bad(`${tensorFile}: ${listed(faults)}. The adapter's config or base model is another`);
}

/** The last part of each path, each once, sorted: PEFT's target_modules. */
function shortNames(paths: Iterable<string>): string[] {
  return [...new Set([...paths].map((path) => path.slice(path.lastIndexOf(".") + 1)))].sort();
}

function listed(items: readonly string[]): string {
  return items.slice(0, 5).join("; ") + (items.length > 5 ? `; and ${items.length - 5} more` : "");
}

function bad(message: string): AppError {
  return new AppError("bad-adapter", `${message}.`);
}
