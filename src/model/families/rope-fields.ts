// The RoPE settings of a config.json, in both spellings: transformers 5 writes `rope_parameters`; earlier files have
// `rope_theta` and `rope_scaling`.
// Source: transformers modeling_rope_utils.py (Apache-2.0): field names and defaults.

import type { RopeConfig } from "../decoder-config";
import type { RopeScaling } from "../rope-frequencies";
import type { ConfigReader } from "./config-reader";

export interface RopeDefaults {
  /** D */
  readonly headSize: number;
  readonly theta?: number;
  /** Field of older files for theta. */
  readonly thetaField?: string;
  /** Field of older files for the share of each head that is rotated, and its default. */
  readonly shareField?: string;
  readonly share?: number;
}

export function ropeOf(reader: ConfigReader, defaults: RopeDefaults): RopeConfig {
  const { headSize, theta = 10_000, thetaField = "rope_theta", shareField } = defaults;
  const parameters = reader.section("rope_parameters");
  const share = (): number => {
    if (parameters?.has("partial_rotary_factor")) return parameters.positive("partial_rotary_factor");
    return shareField ? reader.positive(shareField, defaults.share ?? 1) : 1;
  };
  const rotated = Math.floor(headSize * share());
  if (rotated % 2 !== 0 || rotated > headSize || rotated === 0) {
    const [place, field] = parameters?.has("partial_rotary_factor")
      ? [parameters, "partial_rotary_factor"]
      : [reader, shareField ?? "head_dim"];
    place.refuse(
      field,
      `It must rotate an even number of each head's ${headSize} elements; it gives ${rotated}.`,
    );
  }
  return {
    theta: parameters?.has("rope_theta")
      ? parameters.positive("rope_theta")
      : reader.positive(thetaField, theta),
    scaling: scalingOf(parameters ?? reader.section("rope_scaling")),
    rotated,
    interleaved: false,
  };
}

/** `rope_scaling`, or what stands in its place in `rope_parameters`. */
export function scalingOf(scaling: ConfigReader | undefined): RopeScaling {
  if (!scaling) return { type: "default" };
  const field = scaling.has("rope_type") ? "rope_type" : "type";
  const type = scaling.text(field, "default");
  switch (type) {
    case "default":
      return { type };
    case "linear":
      return { type, factor: scaling.positive("factor") };
    case "llama3":
      return {
        type,
        factor: scaling.positive("factor"),
        lowFrequencyFactor: scaling.positive("low_freq_factor"),
        highFrequencyFactor: scaling.positive("high_freq_factor"),
        originalPositions: scaling.size("original_max_position_embeddings"),
      };
    default:
      return scaling.refuse(
        field,
        'Only "default", "linear" and "llama3" RoPE are supported; choose a model of the same family without long-context scaling.',
      );
  }
}
