// The decoder: one transformer described by calling ops on a tape. Start reading here.
//
//   x = embedding(tokens)
//   each layer:  x += output(attention(rope(query(norm x)), rope(key(norm x)), value(norm x)))
//                x += down(silu(gate(norm x))·up(norm x))
//   hidden = norm(x)
//
// Training and generation run the same layers and differ in how a layer attends: over the tokens of the batch, or
// over a key/value cache. It knows no file, no tokenizer and no optimiser.

import { cachedAttention, attention } from "../ops/attention";
import { add, copy } from "../ops/elementwise";
import { embedding } from "../ops/embedding";
import { gatedMlp } from "../ops/gated-mlp";
import { linear, type LinearLayer } from "../ops/linear";
import { rmsNorm, type NormWeight } from "../ops/rms-norm";
import { rope, rotateInto } from "../ops/rope";
import type { Weight } from "../ops/weight";
import type { Tape } from "../program/tape";
import type { Scalar, Tensor } from "../program/tensor";
import type { DecoderConfig } from "./decoder-config";
import type { LinearSlot } from "./families/family";

export interface DecoderLayer {
  readonly linear: Readonly<Record<LinearSlot, LinearLayer>>;
  readonly inputNorm: NormWeight;
  readonly mlpNorm: NormWeight;
}

export interface Decoder {
  readonly config: DecoderConfig;
  readonly embedding: Weight; // (V,C)
  readonly layers: readonly DecoderLayer[];
  readonly finalNorm: NormWeight;
  readonly head: Weight; // (V,C)
  readonly ropeTable: Tensor; // (P, D/2, 2): cos, sin
}

export interface SequenceInputs {
  readonly tokens: Tensor; // (N) u32
  readonly positions: Tensor; // (N) u32
  readonly segments: Tensor; // (N,2) u32
}

/** Final hidden states (N,C) of documents laid end to end. `checkpoint` recomputes each layer in the backward pass. */
export function hiddenStates(
  tape: Tape,
  decoder: Decoder,
  inputs: SequenceInputs,
  checkpoint = false,
): Tensor {
  const rotation = { positions: inputs.positions, table: decoder.ropeTable };
  const attend: Attend = (tape, query, key, value) =>
    attention(tape, rope(tape, query, rotation), rope(tape, key, rotation), value, inputs.segments);
  let x = embedding(tape, inputs.tokens, decoder.embedding);
  for (const layer of decoder.layers) {
    const block = (input: Tensor): Tensor => layerOutput(tape, decoder.config, layer, input, attend);
    x = checkpoint ? tape.checkpoint(x, block) : block(x);
  }
  return rmsNorm(tape, x, decoder.finalNorm, decoder.config.normEpsilon);
}

/** Keys and values of one layer for every token so far. */
export interface LayerCache {
  readonly keys: Tensor; // (capacity,G,D)
  readonly values: Tensor; // (capacity,G,D)
}

/** Final hidden states (N,C) of new tokens that follow `past` cached ones; their keys and values join the cache. */
export function nextHiddenStates(
  tape: Tape,
  decoder: Decoder,
  inputs: Omit<SequenceInputs, "segments">,
  cache: readonly LayerCache[],
  past: Scalar,
): Tensor {
  const rotation = { positions: inputs.positions, table: decoder.ropeTable };
  let x = embedding(tape, inputs.tokens, decoder.embedding);
  decoder.layers.forEach((layer, index) => {
    const { keys, values } = cache[index]!;
    x = layerOutput(tape, decoder.config, layer, x, (tape, query, key, value) => {
      rotateInto(tape, key, rotation, keys, 1, past);
      copy(tape, value, values, 0, past);
      return cachedAttention(tape, rope(tape, query, rotation), keys, values, past);
    });
  });
  return rmsNorm(tape, x, decoder.finalNorm, decoder.config.normEpsilon);
}

/** o (N,H,D) from query (N,H,D), key and value (N,G,D), not yet rotated. */
type Attend = (tape: Tape, query: Tensor, key: Tensor, value: Tensor) => Tensor;

function layerOutput(
  tape: Tape,
  config: DecoderConfig,
  layer: DecoderLayer,
  x: Tensor,
  attend: Attend,
): Tensor {
  const { query, key, value, output, gate, up, down } = layer.linear;
  const a = rmsNorm(tape, x, layer.inputNorm, config.normEpsilon);
  const attended = attend(tape, linear(tape, a, query), linear(tape, a, key), linear(tape, a, value));
  const middle = add(tape, x, linear(tape, attended, output));
  const b = rmsNorm(tape, middle, layer.mlpNorm, config.normEpsilon);
  const activated = gatedMlp(tape, linear(tape, b, gate), linear(tape, b, up));
  return add(tape, middle, linear(tape, activated, down));
}
