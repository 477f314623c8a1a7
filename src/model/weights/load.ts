// Fills a declared model: checkpoint bytes go to the GPU as they are, tensor by tensor, and norms and biases as f32.

import { toFloat32, type HostTensor } from "../../core/host-tensor";
import { wordsPerElement } from "../../ops/weight";
import type { Memory } from "../../program/memory";
import { largestOf, type Tensor } from "../../program/tensor";
import type { RopeConfig } from "../decoder-config";
import { ropeFrequencies, ropeTables } from "../rope-frequencies";
import type { DeclaredModel, Load, WeightSource } from "./declare";

/** Resident tensors of a declared model. */
export function modelTensors(model: DeclaredModel): Tensor[] {
  const loaded = model.loads.flatMap((load) =>
    "weight" in load ? load.weight.parts.map((part) => part.tensor) : [load.vector],
  );
  return [...loaded, ...model.decoder.ropeTables];
}

/** Allocates and fills all weights. `progress` is called with the share of tensors done, 0 to 1. */
export async function loadModel(
  memory: Memory,
  model: DeclaredModel,
  source: WeightSource,
  progress: (share: number) => void = () => undefined,
): Promise<void> {
  await memory.allocate(modelTensors(model));
  model.decoder.ropeTables.forEach((tensor, i) =>
    memory.write(tensor, ropeTable(model.decoder.config.ropes[i]!, largestOf(tensor.shape[0]!))),
  );
  for (const [index, load] of model.loads.entries()) {
    writeLoad(memory, load, await source.read(load.source));
    progress((index + 1) / model.loads.length);
  }
}

function writeLoad(memory: Memory, load: Load, host: HostTensor): void {
  if ("vector" in load) {
    const { vector, plus } = load;
    const values = toFloat32(host);
    // As transformers has it, 1 + w is rounded to f32.
    memory.write(vector, plus === 0 ? values : values.map((value) => plus + value));
    return;
  }
  const { weight, transposed } = load;
  const rowMajor = transposed ? transposedBytes(host) : host.bytes;
  const rowBytes = weight.cols * wordsPerElement[weight.format] * 4;
  for (const part of weight.parts) {
    const begin = part.firstRow * rowBytes;
    const bytes = rowMajor.slice(begin, begin + part.rows * rowBytes); // a copy starts at an aligned offset
    memory.write(part.tensor, new Uint32Array(bytes.buffer));
  }
}

/** The elements of a matrix (K,O) as (O,K). */
function transposedBytes({ bytes, shape }: HostTensor): Uint8Array {
  const [rows, cols] = shape as [number, number];
  const size = bytes.length / (rows * cols);
  const Elements = size === 4 ? Uint32Array : Uint16Array;
  const from = new Elements(bytes.slice().buffer);
  const to = new Elements(from.length);
  for (let row = 0; row < rows; row++)
    for (let col = 0; col < cols; col++) to[col * rows + row] = from[row * cols + col]!;
  return new Uint8Array(to.buffer);
}

/** (P, R/2, 2) as transformers computes it in f32. */
function ropeTable({ theta, scaling, rotated }: RopeConfig, positions: number): Float32Array {
  const frequencies = ropeFrequencies({ theta, headSize: rotated, scaling, precision: "float32" });
  const { cos, sin } = ropeTables({ frequencies, positions, precision: "float32" });
  const table = new Float32Array(cos.length * 2);
  cos.forEach((value, i) => {
    table[2 * i] = value;
    table[2 * i + 1] = sin[i]!;
  });
  return table;
}
