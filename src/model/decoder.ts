// The decoder: one transformer described by calling ops on a tape. Start reading here.
//
//   x = scale·embedding(tokens), + embedding(positions) where positions are learned
//   each layer:  x += output(attention(rope(query(norm x)), rope(key(norm x)), value(norm x)))
//                x += down(act(gate(norm x))·up(norm x)), or down(act(up(norm x))) without a gate
//   hidden = norm(x)
//
// Families differ in which modules a layer has (fused projections, norms of heads or of what goes onto the residual)
// and in the knobs of DecoderConfig (windows, rotary positions, norm, activation, a parallel residual). Training and
// generation run the same layers and differ in how a layer attends: over the tokens of the batch, or over a key/value
// cache. It knows no file, no tokenizer and no optimiser.

import { cachedAttention, attention } from "../ops/attention";
import { add, copy } from "../ops/elementwise";
import { embedding } from "../ops/embedding";
import { gatedMlp } from "../ops/gated-mlp";
import type { Head } from "../ops/head";
import { layerNorm } from "../ops/layer-norm";
import { linear, type LinearLayer } from "../ops/linear";
import { plainMlp } from "../ops/plain-mlp";
import { rmsNorm } from "../ops/rms-norm";
import { rope, rotateInto, type RopeInputs } from "../ops/rope";
import { blocks, byHead, split } from "../ops/split";
import type { Weight } from "../ops/weight";
import type { Tape } from "../program/tape";
import type { Scalar, Tensor } from "../program/tensor";
import type { DecoderConfig, LayerAttention } from "./decoder-config";
import type { PerLinear, PerNorm } from "./families/family";

export interface NormWeights {
  readonly tensor: Tensor; // (C), or (D) for heads
  /** Where the norm is a LayerNorm. */
  readonly bias?: Tensor; // (C)
}

export interface DecoderLayer {
  readonly linear: PerLinear<LinearLayer>;
  readonly norm: PerNorm<NormWeights>;
}

export interface Decoder {
  readonly config: DecoderConfig;
  readonly embedding: Weight; // (V,C)
  /** Learned positions. */
  readonly positions?: Weight; // (P,C)
  readonly layers: readonly DecoderLayer[];
  readonly finalNorm: NormWeights;
  readonly head: Head;
  /** One for each of the config's ropes. */
  readonly ropeTables: readonly Tensor[]; // (P, R/2, 2): cos, sin
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
  const { config } = decoder;
  let x = embedded(tape, decoder, inputs);
  decoder.layers.forEach((layer, index) => {
    const settings = config.attention[index]!;
    const rotation = rotationOf(decoder, settings, inputs.positions);
    const turned = (heads: Tensor): Tensor => (rotation ? rope(tape, heads, rotation) : heads);
    const options = { ...settings, cap: config.scoreCap };
    const attend: Attend = (query, key, value) =>
      attention(tape, turned(query), turned(key), value, inputs.segments, options);
    const block = (input: Tensor): Tensor => layerOutput(tape, config, layer, input, attend);
    x = checkpoint ? tape.checkpoint(x, block) : block(x);
  });
  return norm(tape, config, x, decoder.finalNorm);
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
  const { config } = decoder;
  let x = embedded(tape, decoder, inputs);
  decoder.layers.forEach((layer, index) => {
    const { keys, values } = cache[index]!;
    const settings = config.attention[index]!;
    const rotation = rotationOf(decoder, settings, inputs.positions);
    const options = { ...settings, cap: config.scoreCap };
    x = layerOutput(tape, config, layer, x, (query, key, value) => {
      if (rotation) rotateInto(tape, key, rotation, keys, 1, past);
      else copy(tape, key, keys, 0, past);
      copy(tape, value, values, 0, past);
      const turned = rotation ? rope(tape, query, rotation) : query;
      return cachedAttention(tape, turned, keys, values, past, options);
    });
  });
  return norm(tape, config, x, decoder.finalNorm);
}

function embedded(
  tape: Tape,
  { config, embedding: table, positions }: Decoder,
  inputs: Pick<SequenceInputs, "tokens" | "positions">,
): Tensor {
  const x = embedding(tape, inputs.tokens, table, config.embeddingScale);
  return positions ? add(tape, x, embedding(tape, inputs.positions, positions)) : x;
}

/** o (N,H,D) from query (N,H,D), key and value (N,G,D), not yet rotated. */
type Attend = (query: Tensor, key: Tensor, value: Tensor) => Tensor;

function layerOutput(
  tape: Tape,
  config: DecoderConfig,
  layer: DecoderLayer,
  x: Tensor,
  attend: Attend,
): Tensor {
  const optional = (input: Tensor, weights: NormWeights | undefined): Tensor =>
    weights ? norm(tape, config, input, weights) : input;
  const { input, query, key, afterAttention, beforeMlp, afterMlp } = layer.norm;

  const a = norm(tape, config, x, input);
  const [q, k, v] = queryKeyValue(tape, config, layer.linear, a);
  const mixed = attend(optional(q, query), optional(k, key), v);
  const attended = optional(linear(tape, mixed, layer.linear.output), afterAttention);
  const middle = add(tape, x, attended);
  const read = config.parallelResidual ? x : middle;
  const b = beforeMlp ? norm(tape, config, read, beforeMlp) : a;
  const activated = mlp(tape, config, layer.linear, b);
  return add(tape, middle, optional(linear(tape, activated, layer.linear.down), afterMlp));
}

/** query (N,H,D), key and value (N,G,D). */
function queryKeyValue(
  tape: Tape,
  { heads, kvHeads, headSize: size, fusedHeads }: DecoderConfig,
  { queryKeyValue: fused, query, key, value }: DecoderLayer["linear"],
  x: Tensor,
): readonly [Tensor, Tensor, Tensor] {
  if (!fused) return [linear(tape, x, query!), linear(tape, x, key!), linear(tape, x, value!)];
  const parts =
    fusedHeads === "by-head"
      ? byHead(["query", "key", "value"], heads, size)
      : blocks([
          { name: "query", heads, size },
          { name: "key", heads: kvHeads, size },
          { name: "value", heads: kvHeads, size },
        ]);
  return split(tape, linear(tape, x, fused), parts) as [Tensor, Tensor, Tensor];
}

/** (N,F), to go through the projection down. */
function mlp(
  tape: Tape,
  { feedForward, activation }: DecoderConfig,
  { gateUp, gate, up }: DecoderLayer["linear"],
  x: Tensor,
): Tensor {
  if (gateUp) {
    const part = { heads: 1, size: feedForward, shape: [feedForward] };
    const parts = blocks([
      { name: "gate", ...part },
      { name: "up", ...part },
    ]);
    const [gated, upward] = split(tape, linear(tape, x, gateUp), parts) as [Tensor, Tensor];
    return gatedMlp(tape, gated, upward, activation);
  }
  if (gate) return gatedMlp(tape, linear(tape, x, gate), linear(tape, x, up!), activation);
  return plainMlp(tape, linear(tape, x, up!), activation);
}

function norm(tape: Tape, { normEpsilon }: DecoderConfig, x: Tensor, weights: NormWeights): Tensor {
  const { tensor, bias } = weights;
  return bias ? layerNorm(tape, x, { tensor, bias }, normEpsilon) : rmsNorm(tape, x, { tensor }, normEpsilon);
}

function rotationOf(
  { config, ropeTables }: Decoder,
  { rope: index }: LayerAttention,
  positions: Tensor,
): RopeInputs | undefined {
  if (index === undefined) return undefined;
  return { positions, table: ropeTables[index]!, interleaved: config.ropes[index]!.interleaved };
}
