// Declares a decoder's weights from its config and the checkpoint's headers, without reading a weight and without a
// GPU: so shapes are checked, and memory is planned, before any download.

import { AppError } from "../../core/errors";
import type { DType, HostTensor } from "../../core/host-tensor";
import type { LinearLayer } from "../../ops/linear";
import type { NormWeight } from "../../ops/rms-norm";
import { declareWeight, type Weight, type WeightFormat } from "../../ops/weight";
import { resident, type Tensor } from "../../program/tensor";
import type { Decoder, DecoderLayer } from "../decoder";
import type { DecoderConfig } from "../decoder-config";
import { linearSlots, type LinearSlot, type ModelFamily } from "../families/family";

/** An opened checkpoint: headers at hand, bytes on request. */
export interface WeightSource {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, { readonly dtype: DType; readonly shape: readonly number[] }>;
  read(name: string): Promise<HostTensor>;
}

/** What fills a declared tensor: a checkpoint tensor kept in its format, or one turned into f32. */
export type Load =
  { readonly source: string; readonly weight: Weight } | { readonly source: string; readonly vector: Tensor };

export interface DeclaredModel {
  readonly decoder: Decoder;
  readonly loads: readonly Load[];
  /** Checkpoint module path of each linear layer, e.g. model.layers.0.self_attn.q_proj. */
  readonly modulePath: ReadonlyMap<LinearLayer, string>;
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
  const modulePath = new Map<LinearLayer, string>();

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
    return format;
  };
  const matrix = (name: string, rows: number, cols: number): Weight => {
    const weight = declareWeight(name, header(name, [rows, cols]), rows, cols);
    loads.push({ source: name, weight });
    return weight;
  };
  const vector = (name: string, size: number): Tensor => {
    header(name, [size]);
    const tensor = resident(name, [size]);
    loads.push({ source: name, vector: tensor });
    return tensor;
  };
  const norm = (module: string): NormWeight => ({ tensor: vector(`${module}.weight`, config.hidden) });

  const { hidden, heads, kvHeads, headSize, feedForward } = config;
  const shapes = {
    query: { out: heads * headSize, in: hidden, bias: config.attentionBias, outputShape: [heads, headSize] },
    key: {
      out: kvHeads * headSize,
      in: hidden,
      bias: config.attentionBias,
      outputShape: [kvHeads, headSize],
    },
    value: {
      out: kvHeads * headSize,
      in: hidden,
      bias: config.attentionBias,
      outputShape: [kvHeads, headSize],
    },
    output: { out: hidden, in: heads * headSize, bias: config.attentionBias, outputShape: [hidden] },
    gate: { out: feedForward, in: hidden, bias: config.mlpBias, outputShape: [feedForward] },
    up: { out: feedForward, in: hidden, bias: config.mlpBias, outputShape: [feedForward] },
    down: { out: hidden, in: feedForward, bias: config.mlpBias, outputShape: [hidden] },
  } satisfies Record<LinearSlot, object>;

  const layers = Array.from({ length: config.layers }, (_, index): DecoderLayer => {
    const modules = family.layer(index);
    const linear = Object.fromEntries(
      linearSlots.map((slot): [LinearSlot, LinearLayer] => {
        const { out, in: inputs, bias, outputShape } = shapes[slot];
        const name = modules.linear[slot];
        const layer: LinearLayer = {
          name,
          outputShape,
          weight: matrix(`${name}.weight`, out, inputs),
          ...(bias && { bias: vector(`${name}.bias`, out) }),
        };
        modulePath.set(layer, name);
        return [slot, layer];
      }),
    ) as Record<LinearSlot, LinearLayer>;
    return { linear, inputNorm: norm(modules.inputNorm), mlpNorm: norm(modules.mlpNorm) };
  });
  const table = matrix(`${family.embedding}.weight`, config.vocabulary, hidden);
  const head = config.tiedHead ? table : matrix(`${family.head}.weight`, config.vocabulary, hidden);
  const decoder: Decoder = {
    config,
    embedding: table,
    layers,
    finalNorm: norm(family.finalNorm),
    head,
    ropeTable: resident("rope table", [positions, headSize / 2, 2]),
  };
  return { decoder, loads, modulePath };
}
