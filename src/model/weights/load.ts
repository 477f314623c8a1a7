// Fills a declared model: checkpoint bytes go to the GPU as they are, tensor by tensor, and norms and biases as f32.

import { toFloat32, type HostTensor } from "../../core/host-tensor";
import { wordsPerElement } from "../../ops/weight";
import type { Memory } from "../../program/memory";
import { largestOf, type Tensor } from "../../program/tensor";
import type { Decoder } from "../decoder";
import { ropeFrequencies, ropeTables } from "../rope-frequencies";
import type { DeclaredModel, Load, WeightSource } from "./declare";

/** Resident tensors of a declared model. */
export function modelTensors(model: DeclaredModel): Tensor[] {
  const loaded = model.loads.flatMap((load) =>
    "weight" in load ? load.weight.parts.map((part) => part.tensor) : [load.vector],
  );
  return [...loaded, model.decoder.ropeTable];
}

/** Allocates and fills all weights. `progress` is called with the share of tensors done, 0 to 1. */
export async function loadModel(
  memory: Memory,
  model: DeclaredModel,
  source: WeightSource,
  progress: (share: number) => void = () => undefined,
): Promise<void> {
  await memory.allocate(modelTensors(model));
  memory.write(model.decoder.ropeTable, ropeTable(model.decoder));
  for (const [index, load] of model.loads.entries()) {
    writeLoad(memory, load, await source.read(load.source));
    progress((index + 1) / model.loads.length);
  }
}

function writeLoad(memory: Memory, load: Load, host: HostTensor): void {
  if ("vector" in load) {
    memory.write(load.vector, toFloat32(host));
    return;
  }
  const { weight } = load;
  const rowBytes = weight.cols * wordsPerElement[weight.format] * 4;
  for (const part of weight.parts) {
    const begin = part.firstRow * rowBytes;
    const bytes = host.bytes.slice(begin, begin + part.rows * rowBytes); // a copy starts at an aligned offset
    memory.write(part.tensor, new Uint32Array(bytes.buffer));
  }
}

/** (P, D/2, 2) as transformers computes it in f32. */
function ropeTable({ config, ropeTable: tensor }: Decoder): Float32Array {
  const { ropeTheta: theta, ropeScaling: scaling, headSize } = config;
  const positions = largestOf(tensor.shape[0]!);
  const frequencies = ropeFrequencies({ theta, headSize, scaling, precision: "float32" });
  const { cos, sin } = ropeTables({ frequencies, positions, precision: "float32" });
  const table = new Float32Array(cos.length * 2);
  cos.forEach((value, i) => {
    table[2 * i] = value;
    table[2 * i + 1] = sin[i]!;
  });
  return table;
}
