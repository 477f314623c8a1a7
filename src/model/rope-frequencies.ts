// Rotary frequencies and the cos/sin tables that the GPU reads, made on the CPU: WGSL's sin and cos are only promised
// to 2⁻¹¹ inside [−π, π].
//
//   default   f[i] = theta^(−2i/R), R the elements of a head that are rotated
//   linear    f[i] / factor
//   llama3    wavelength = 2π/f; longer than original/low: f/factor; shorter than original/high: f; between them
//             (1 − s)·f/factor + s·f  with  s = (original/wavelength − low) / (high − low)
//
// Checkpoints were trained with frequencies and angles that PyTorch computes in float32, and at position 2048 an exact
// angle already lies up to 1.4e-4 away from that one. So `float32` precision repeats PyTorch's rounding, step by step
// (the same bits for 10,292 of 10,332 frequencies over 308 configurations, the others one unit away: its pow is not
// correctly rounded). `float64` gives the formula itself.
// Source: transformers modeling_rope_utils.py (Apache-2.0) for the llama3 rule and its order.

import { assert } from "../core/errors";

export type RopeScaling =
  | { readonly type: "default" }
  | { readonly type: "linear"; readonly factor: number }
  | {
      readonly type: "llama3";
      readonly factor: number;
      readonly lowFrequencyFactor: number;
      readonly highFrequencyFactor: number;
      /** Positions that the model saw before it was extended. */
      readonly originalPositions: number;
    };

export type RopePrecision = "float32" | "float64";

/** The angle in radians that one position adds, for each of the R/2 pairs of a head. */
export function ropeFrequencies(params: {
  readonly theta: number;
  /** R, even; D where whole heads are rotated */
  readonly headSize: number;
  readonly scaling?: RopeScaling | undefined;
  /** "float64" by default. */
  readonly precision?: RopePrecision | undefined;
}): Float64Array {
  const { theta, headSize, scaling = { type: "default" }, precision = "float64" } = params;
  assert(theta > 0, `got rope theta ${theta}, need a positive number`);
  assert(headSize > 0 && headSize % 2 === 0, `got head size ${headSize}, need a positive even number`);
  const round = roundings[precision];
  const plain = Float64Array.from({ length: headSize / 2 }, (_, i) =>
    round(1 / round(theta ** round((2 * i) / headSize))),
  );
  switch (scaling.type) {
    case "default":
      return plain;
    case "linear":
      return plain.map((frequency) => round(frequency / round(scaling.factor)));
    case "llama3":
      return plain.map((frequency) => llama3Frequency(frequency, scaling, round));
    default:
      throw new Error(`internal: no rope scaling ${JSON.stringify(scaling satisfies never)}`);
  }
}

/** Tables for positions 0 … P−1, each (P,R/2). With "float32" the angle is rounded, the cosine of it is exact. */
export function ropeTables(params: {
  /** (R/2) */
  readonly frequencies: Float64Array;
  /** P */
  readonly positions: number;
  /** "float64" by default. */
  readonly precision?: RopePrecision | undefined;
}): { cos: Float64Array; sin: Float64Array } {
  const { frequencies, positions, precision = "float64" } = params;
  const round = roundings[precision];
  const pairs = frequencies.length;
  const angles = Float64Array.from({ length: positions * pairs }, (_, at) =>
    round(Math.floor(at / pairs) * frequencies[at % pairs]!),
  );
  return { cos: angles.map(Math.cos), sin: angles.map(Math.sin) };
}

type Rounding = (value: number) => number;

const roundings: Record<RopePrecision, Rounding> = { float32: Math.fround, float64: (value) => value };

function llama3Frequency(
  frequency: number,
  scaling: Extract<RopeScaling, { type: "llama3" }>,
  round: Rounding,
): number {
  const { factor, lowFrequencyFactor: low, highFrequencyFactor: high, originalPositions } = scaling;
  assert(factor > 0 && low > 0 && high > low, "llama3 rope scaling needs factor > 0 and 0 < low < high");
  // A number divided by a tensor is, in PyTorch, the reciprocal times the number: hence two roundings.
  const wavelength = round(round(1 / frequency) * round(2 * Math.PI));
  if (wavelength > originalPositions / low) return round(frequency / round(factor));
  if (wavelength < originalPositions / high) return frequency;
  const turns = round(round(1 / wavelength) * round(originalPositions)); // within the original length
  const s = round(round(turns - round(low)) / round(high - low));
  const stretched = round(round(round(1 - s) * frequency) / round(factor));
  return round(stretched + round(s * frequency));
}
