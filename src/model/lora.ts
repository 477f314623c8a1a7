// LoRA as in PEFT: which layers get a branch, how A and B begin, and the way between the GPU's padded parameters and
// PEFT's tensors.

import { AppError, assert } from "../core/errors";
import { createRandom } from "../core/random";
import type { LoraConfig } from "../core/run-config";
import type { LinearLayer, LoraBranch } from "../ops/linear";
import { roundUp4 } from "../ops/matmul";
import type { Memory } from "../program/memory";
import { layOutParameters, type Parameter, type Parameters } from "../program/parameters";
import type { Scalar } from "../program/tensor";
import type { Decoder, DecoderLayer } from "./decoder";
import { linearSlots, type PerLinear } from "./families/family";
import type { DeclaredModel } from "./weights/declare";

/** One adapted layer. The rank axis of A and B is padded with zeros to a multiple of 4. */
export interface LoraModule {
  /** Path in the checkpoint, e.g. model.layers.0.self_attn.q_proj. */
  readonly path: string;
  readonly a: Parameter; // (R padded, K)
  readonly b: Parameter; // (O, R padded)
}

export interface LoraModel {
  readonly decoder: Decoder;
  readonly config: LoraConfig;
  readonly modules: readonly LoraModule[];
  readonly parameters: Parameters;
}

/** A and B of one layer in host memory, without padding. */
export interface LoraMatrices {
  readonly a: Float32Array; // (R,K)
  readonly b: Float32Array; // (O,R)
}

/** alpha / rank, or alpha / √rank with rsLoRA. */
export function loraScale(config: Pick<LoraConfig, "rank" | "alpha" | "rsLora">): number {
  return config.alpha / (config.rsLora ? Math.sqrt(config.rank) : config.rank);
}

/** The model with a LoRA branch on every target layer. `seed` changes with each micro-step, for dropout. */
export function withLora(model: DeclaredModel, config: LoraConfig, seed: Scalar): LoraModel {
  const targets = model.decoder.layers
    .flatMap((layer) => linearSlots.flatMap((slot) => layer.linear[slot] ?? []))
    .filter((layer) => isTarget(model.modulePath.get(layer)!, config.targetModules));
  if (targets.length === 0) {
    const layers = model.decoder.layers.length;
    const known = [...model.modulePath.values()].slice(0, model.modulePath.size / layers).join(", ");
    throw new AppError(
      "bad-config",
      `lora.targetModules: ${JSON.stringify(config.targetModules)} matches no linear layer. The first layer has: ${known}.`,
    );
  }
  checkTargets(config.targetModules, [...model.modulePath.values()]);
  const padded = roundUp4(config.rank);
  const parameters = layOutParameters(
    targets.flatMap((layer) => {
      const path = model.modulePath.get(layer)!;
      return [
        { name: `${path}.lora_A`, rows: padded, cols: layer.weight.cols },
        { name: `${path}.lora_B`, rows: layer.weight.rows, cols: padded },
      ];
    }),
  );
  const branches = new Map<LinearLayer, LoraBranch>();
  const modules = targets.map((layer, index): LoraModule => {
    const a = parameters.list[2 * index]!;
    const b = parameters.list[2 * index + 1]!;
    const scale = loraScale(config);
    const dropout = config.dropout > 0 ? { dropout: { rate: config.dropout, seed, stream: index } } : {};
    branches.set(layer, { a, b, scale, ...dropout });
    return { path: model.modulePath.get(layer)!, a, b };
  });
  return { decoder: withBranches(model.decoder, branches), config, modules, parameters };
}

/** The same branches without dropout: for evaluation and chat. */
export function withoutDropout(decoder: Decoder): Decoder {
  return mapLinear(decoder, (layer) => {
    if (!layer.lora?.dropout) return layer;
    const { a, b, scale } = layer.lora;
    return { ...layer, lora: { a, b, scale } };
  });
}

/** PEFT's start: A uniform in ±1/√K (kaiming_uniform with a = √5), B zero. A pure function of the seed. */
export function initialMatrices(
  module: LoraModule,
  config: LoraConfig,
  seed: number,
  index: number,
): LoraMatrices {
  const random = createRandom(seed, index);
  const inputs = module.a.cols;
  const bound = 1 / Math.sqrt(inputs);
  const a = Float32Array.from({ length: config.rank * inputs }, () => (2 * random.uniform() - 1) * bound);
  return { a, b: new Float32Array(module.b.rows * config.rank) };
}

/** Writes A and B into the parameter buffers, padding the rank with zeros. */
export function writeMatrices(
  memory: Memory,
  module: LoraModule,
  rank: number,
  { a, b }: LoraMatrices,
): void {
  const padded = module.a.rows;
  assert(a.length === rank * module.a.cols, `${module.path}: got ${a.length} elements of A`);
  assert(b.length === rank * module.b.rows, `${module.path}: got ${b.length} elements of B`);
  const wholeA = new Float32Array(padded * module.a.cols);
  wholeA.set(a);
  const wholeB = new Float32Array(module.b.rows * padded);
  for (let row = 0; row < module.b.rows; row++)
    wholeB.set(b.subarray(row * rank, (row + 1) * rank), row * padded);
  memory.write(module.a.value, wholeA);
  memory.write(module.b.value, wholeB);
}

/** A and B of `module` out of a flat buffer of the parameters' layout (values, gradients or moments). */
export function matricesOf(flat: Float32Array, module: LoraModule, rank: number): LoraMatrices {
  const padded = module.a.rows;
  const beginA = module.a.offset / 4;
  const beginB = module.b.offset / 4;
  const a = flat.slice(beginA, beginA + rank * module.a.cols);
  const b = new Float32Array(module.b.rows * rank);
  for (let row = 0; row < module.b.rows; row++) {
    b.set(flat.subarray(beginB + row * padded, beginB + row * padded + rank), row * rank);
  }
  return { a, b };
}

function isTarget(path: string, targets: LoraConfig["targetModules"]): boolean {
  return targets === "all-linear" || targets.some((target) => matchesTarget(path, target));
}

/** As PEFT: the whole path, or its end at a dot. */
function matchesTarget(path: string, target: string): boolean {
  return path === target || path.endsWith(`.${target}`);
}

function checkTargets(targets: LoraConfig["targetModules"], paths: readonly string[]): void {
  if (targets === "all-linear") return;
  const unknown = targets.filter((target) => !paths.some((path) => matchesTarget(path, target)));
  if (unknown.length === 0) return;
  const names = [...new Set(paths.map((path) => path.split(".").at(-1)!))].join(", ");
  throw new AppError(
    "bad-config",
    `lora.targetModules: no layer is called ${unknown.join(", ")}. There are: ${names}.`,
  );
}

function withBranches(decoder: Decoder, branches: ReadonlyMap<LinearLayer, LoraBranch>): Decoder {
  return mapLinear(decoder, (layer) => {
    const lora = branches.get(layer);
    return lora ? { ...layer, lora } : layer;
  });
}

function mapLinear(decoder: Decoder, change: (layer: LinearLayer) => LinearLayer): Decoder {
  const layers = decoder.layers.map((layer): DecoderLayer => {
    const changed = Object.entries(layer.linear).map(([slot, entry]) => [slot, change(entry)] as const);
    return { ...layer, linear: Object.fromEntries(changed) as unknown as PerLinear<LinearLayer> };
  });
  return { ...decoder, layers };
}
