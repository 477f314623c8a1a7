// Declares a decoder's weights from its config and the checkpoint's headers, without reading a weight and without a
// GPU: so shapes are checked, and memory is planned, before any download.

import { AppError } from "../../core/errors";
import { elementCount, type DType, type HostTensor } from "../../core/host-tensor";
import type { LinearLayer } from "../../ops/linear";
import { declareWeight, wordsPerElement, type Weight, type WeightFormat } from "../../ops/weight";
import { resident, type Tensor } from "../../program/tensor";
import type { Decoder, DecoderLayer, NormWeights } from "../decoder";
import type { DecoderConfig } from "../decoder-config";
import {
  linearSlots,
  normSlots,
  type LinearSlot,
  type ModelFamily,
  type NormSlot,
  type PerLinear,
  type PerNorm,
} from "../families/family";

/** An opened checkpoint: headers at hand, bytes on request. */
export interface WeightSource {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, { readonly dtype: DType; readonly shape: readonly number[] }>;
  read(name: string): Promise<HostTensor>;
}

/** What fills a declared tensor: a checkpoint tensor kept in its format, or one turned into f32. */
export type Load =
  | {
      readonly source: string;
      readonly weight: Weight;
      /** The checkpoint holds (K,O). */
      readonly transposed: boolean;
    }
  | {
      readonly source: string;
      readonly vector: Tensor;
      /** Added to each element: 1 for norm weights about 0. */
      readonly plus: number;
    };

export interface DeclaredModel {
  readonly decoder: Decoder;
  readonly loads: readonly Load[];
  /** Numbers in all weights; what else the checkpoint holds, such as masks in old ones, is none. */
  readonly parameters: number;
  /** Path of each linear layer in transformers' model, e.g. model.layers.0.self_attn.q_proj. */
  readonly modulePath: ReadonlyMap<LinearLayer, string>;
  /** Name in the checkpoint of the weight of each linear layer, by path. */
  readonly weightNames: ReadonlyMap<string, string>;
}

const formats: Partial<Record<DType, WeightFormat>> = { F32: "f32", BF16: "bf16", F16: "f16" };

/** `positions` is the longest sequence to be run. Throws `bad-model-file` when a tensor is missing or has another shape than the config says. */
export function declareModel(
  family: ModelFamily,
  config: DecoderConfig,
  source: WeightSource,
  positions: number,
): DeclaredModel {
  const loads: Load[] = [];
  let parameters = 0;
  const modulePath = new Map<LinearLayer, string>();
  const weightNames = new Map<string, string>();
  const stored = storedNames(source, family);

  const header = (name: string, shape: readonly number[]): WeightFormat => {
    const info = source.tensors.get(name);
    if (!info) throw new AppError("bad-model-file", `${source.name}: tensor ${name} is missing.`);
    if (info.shape.length !== shape.length || info.shape.some((size, i) => size !== shape[i])) {
      const got = info.shape.join("×");
      const need = shape.join("×");
      throw new AppError(
        "bad-model-file",
        `${source.name}: tensor ${name} is ${got}; config.json says ${need}.`,
      );
    }
    const format = formats[info.dtype];
    if (!format) {
      throw new AppError(
        "unsupported-model",
        `${source.name}: tensor ${name} is ${info.dtype}; supported are F32, BF16 and F16.`,
      );
    }
    parameters += elementCount(shape);
    return format;
  };
  const matrix = (name: string, rows: number, cols: number, transposed = false): Weight => {
    const from = stored(name);
    const weight = declareWeight(name, header(from, transposed ? [cols, rows] : [rows, cols]), rows, cols);
    loads.push({ source: from, weight, transposed });
    return weight;
  };
  const vector = (name: string, size: number, plus = 0): Tensor => {
    const from = stored(name);
    header(from, [size]);
    const tensor = resident(name, [size]);
    loads.push({ source: from, vector: tensor, plus });
    return tensor;
  };
  const norm = (module: string, size = config.hidden): NormWeights => ({
    tensor: vector(`${module}.weight`, size, config.norm === "rms-plus-one" ? 1 : 0),
    ...(config.norm === "layer" && { bias: vector(`${module}.bias`, size) }),
  });

  const { hidden, headSize } = config;
  const shapes = linearShapes(config);
  const linear = (slot: LinearSlot, name: string): LinearLayer => {
    const { out, in: inputs, bias, outputShape = [out] } = shapes[slot];
    const layer: LinearLayer = {
      name,
      outputShape,
      weight: matrix(`${name}.weight`, out, inputs, config.transposedWeights),
      ...(bias && { bias: vector(`${name}.bias`, out) }),
    };
    refuseLargerThanBinding(source, layer);
    modulePath.set(layer, name);
    weightNames.set(name, stored(`${name}.weight`));
    return layer;
  };
  const layers = Array.from({ length: config.layers }, (_, index): DecoderLayer => {
    const modules = family.layer(index);
    const sizes: Partial<Record<NormSlot, number>> = { query: headSize, key: headSize };
    return {
      linear: declareNamed(linearSlots, modules.linear, linear) as PerLinear<LinearLayer>,
      norm: declareNamed(normSlots, modules.norm, (slot, name) =>
        norm(name, sizes[slot] ?? hidden),
      ) as PerNorm<NormWeights>,
    };
  });
  const table = matrix(`${family.embedding}.weight`, config.vocabulary, hidden);
  const head = config.tiedHead ? table : matrix(`${family.head}.weight`, config.vocabulary, hidden);
  const decoder: Decoder = {
    config,
    embedding: table,
    ...(family.positions && {
      positions: matrix(`${family.positions}.weight`, config.maxPositions, hidden),
    }),
    layers,
    finalNorm: norm(family.finalNorm),
    head: {
      weight: head,
      ...(config.headBias && { bias: vector(`${family.head}.bias`, config.vocabulary) }),
      cap: config.logitCap,
    },
    ropeTables: config.ropes.map(({ rotated }, i) =>
      resident(`rope table ${i}`, [positions, rotated / 2, 2]),
    ),
  };
  return { decoder, loads, parameters, modulePath, weightNames };
}

interface LinearShape {
  /** O */
  readonly out: number;
  /** K */
  readonly in: number;
  readonly bias: boolean;
  readonly outputShape?: readonly number[];
}

function linearShapes(config: DecoderConfig): Record<LinearSlot, LinearShape> {
  const { hidden, heads, kvHeads, headSize, feedForward, queryKeyValueBias, outputBias, mlpBias } = config;
  const perHead = (count: number): LinearShape => ({
    out: count * headSize,
    in: hidden,
    bias: queryKeyValueBias,
    outputShape: [count, headSize],
  });
  const wide = { out: feedForward, in: hidden, bias: mlpBias };
  return {
    queryKeyValue: { out: (heads + 2 * kvHeads) * headSize, in: hidden, bias: queryKeyValueBias },
    query: perHead(heads),
    key: perHead(kvHeads),
    value: perHead(kvHeads),
    output: { out: hidden, in: heads * headSize, bias: outputBias },
    gateUp: { ...wide, out: 2 * feedForward },
    gate: wide,
    up: wide,
    down: { out: hidden, in: feedForward, bias: mlpBias },
  };
}

/** Only the embedding and the head are read in parts; a layer's matrix must fit in one binding. */
function refuseLargerThanBinding({ name }: WeightSource, { name: path, weight }: LinearLayer): void {
  if (weight.parts.length === 1) return;
  const megabytes = (weight.rows * weight.cols * wordsPerElement[weight.format] * 4) / 1e6;
  const wide = weight.format === "f32" ? " or the same model in bf16" : "";
  throw new AppError(
    "unsupported-model",
    `${name}: layer ${path} has ${megabytes.toFixed(0)} MB of weights; up to 134 MB are supported. Choose a smaller model${wide}.`,
  );
}

/** The slots that `names` has, declared in the order of `slots`. */
function declareNamed<Slot extends string, T>(
  slots: readonly Slot[],
  names: Readonly<Partial<Record<Slot, string>>>,
  declare: (slot: Slot, name: string) => T,
): Partial<Record<Slot, T>> {
  const entries = slots.flatMap((slot) => {
    const name = names[slot];
    return name === undefined ? [] : [[slot, declare(slot, name)] as const];
  });
  return Object.fromEntries(entries) as Partial<Record<Slot, T>>;
}

/**
 * Names of tensors as the checkpoint has them. Some repositories leave out the first part of every path, as in
 * "h.0.attn.c_attn" for "transformer.h.0.attn.c_attn".
 */
function storedNames(source: WeightSource, { embedding }: ModelFamily): (name: string) => string {
  const prefix = embedding.slice(0, embedding.indexOf(".") + 1);
  const table = `${embedding}.weight`;
  const shortened = !source.tensors.has(table) && source.tensors.has(table.slice(prefix.length));
  return (name) => (shortened && name.startsWith(prefix) ? name.slice(prefix.length) : name);
}
