// A llama of any size with random weights, made in memory: for steps of models that are too large to keep in the
// repository. Only time and memory are of interest, so one block of numbers serves all tensors.

import { createRandom } from "../src/core/random";
import { fromFloat32, elementCount, type HostTensor } from "../src/core/host-tensor";
import { familyOf } from "../src/model/families";
import { declareModel, type DeclaredModel, type WeightSource } from "../src/model/weights/declare";

export interface SyntheticShape {
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly feedForward: number;
  readonly vocabulary: number;
}

/** The shape of SmolLM2-135M. */
export const smol135: SyntheticShape = {
  hidden: 576,
  layers: 30,
  heads: 9,
  kvHeads: 3,
  feedForward: 1536,
  vocabulary: 49_152,
};

export function syntheticModel(
  shape: SyntheticShape,
  positions: number,
): { declared: DeclaredModel; weights: WeightSource } {
  const { hidden, layers, heads, kvHeads, feedForward, vocabulary } = shape;
  const json = {
    model_type: "llama",
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    intermediate_size: feedForward,
    vocab_size: vocabulary,
    max_position_embeddings: positions,
    tie_word_embeddings: true,
    hidden_act: "silu",
  };
  const { family, config } = familyOf(JSON.stringify(json), "synthetic model");
  const headWidth = heads * config.headSize;
  const keyWidth = kvHeads * config.headSize;
  const linear = {
    query: [headWidth, hidden],
    key: [keyWidth, hidden],
    value: [keyWidth, hidden],
    output: [hidden, headWidth],
    gate: [feedForward, hidden],
    up: [feedForward, hidden],
    down: [hidden, feedForward],
  };
  const shapes = new Map<string, readonly number[]>();
  for (let index = 0; index < layers; index++) {
    const modules = family.layer(index);
    for (const [slot, size] of Object.entries(linear)) {
      shapes.set(`${modules.linear[slot as keyof typeof linear]}.weight`, size);
    }
    for (const name of Object.values(modules.norm)) shapes.set(`${name}.weight`, [hidden]);
  }
  shapes.set(`${family.embedding}.weight`, [vocabulary, hidden]).set(`${family.finalNorm}.weight`, [hidden]);

  const weights: WeightSource = {
    name: "synthetic model",
    tensors: new Map([...shapes].map(([name, shape]) => [name, { dtype: "BF16", shape }])),
    read: (name) => Promise.resolve(randomTensor(shapes.get(name)!)),
  };
  return { declared: declareModel(family, config, weights, positions), weights };
}

const BLOCK = 1 << 18;
let block: Uint8Array | undefined;

/** bf16 numbers: ones for a vector (a norm's weight), else uniform with standard deviation 1/√columns. */
function randomTensor(shape: readonly number[]): HostTensor {
  const count = elementCount(shape);
  if (shape.length === 1) return fromFloat32(new Float32Array(count).fill(1), shape, "BF16");
  if (!block) {
    const random = createRandom(11);
    const values = Float32Array.from({ length: BLOCK }, () => (random.uniform() - 0.5) * 0.12);
    block = fromFloat32(values, [BLOCK], "BF16").bytes;
  }
  const bytes = new Uint8Array(count * 2);
  for (let at = 0; at < bytes.length; at += block.length) {
    bytes.set(block.subarray(0, Math.min(block.length, bytes.length - at)), at);
  }
  return { dtype: "BF16", shape, bytes };
}
