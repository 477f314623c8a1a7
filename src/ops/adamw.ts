// The optimiser step: gradient norm, clipping and AdamW over the flat parameter buffers, all on the GPU.

import adamwShader from "../../shaders/adamw.wgsl?raw";
import normShader from "../../shaders/gradient-norm.wgsl?raw";
import reduce from "../../shaders/reduce.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Parameters } from "../program/parameters";
import type { Tape } from "../program/tape";
import { view, type Scalar, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const WORKGROUP_SIZE = 64;
const BLOCK_QUADS = 1024;
/** Elements a launch: 64 MiB, half a binding. */
const SLICE_ELEMENTS = 16 * 1024 * 1024;

export interface AdamwSettings {
  readonly maxGradientNorm: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** 1 − learning rate · weight decay, a value of the run. */
  readonly decay: Scalar;
  /** learning rate / (1 − β1ᵗ), a value of the run. */
  readonly stepSize: Scalar;
  /** √(1 − β2ᵗ), a value of the run. */
  readonly rootCorrection: Scalar;
}

/** Updates `parameters` from their gradients and clears these. Writes norm, clip and non-finite flag to `report`. */
export function adamw(tape: Tape, parameters: Parameters, report: Tensor, settings: AdamwSettings): void {
  const { elements } = parameters;
  const blocks = Math.ceil(elements / 4 / BLOCK_QUADS);
  const sums = tape.tensor("gradient norm partials", [blocks, 2]);
  const norm = { "gradient-norm.wgsl": normShader, "reduce.wgsl": reduce };
  const slices = Array.from({ length: Math.ceil(elements / SLICE_ELEMENTS) }, (_, i) => {
    const first = i * SLICE_ELEMENTS;
    const count = Math.min(SLICE_ELEMENTS, elements - first);
    return {
      count,
      of: (flat: Tensor) => view(flat, flat.name, first * 4, [count]),
      firstBlock: first / 4 / BLOCK_QUADS,
    };
  });
  for (const { count, of, firstBlock } of slices) {
    const partials = Math.ceil(count / 4 / BLOCK_QUADS);
    const partial_sums = view(sums, "partials", firstBlock * 8, [partials, 2]);
    const dims = { quads: count / 4, partials, max_norm: 0 };
    tape.launch(
      kernel(norm, "partial_norm"),
      { g: of(parameters.gradients), partial_sums },
      dims,
      foldedGrid(partials, 1),
    );
  }
  const total = { quads: elements / 4, partials: blocks, max_norm: settings.maxGradientNorm };
  tape.launch(kernel(norm, "total_norm"), { all_sums: sums, report }, total, [1, 1, 1]);

  for (const { count, of } of slices) {
    const quads = count / 4;
    const dims = {
      quads,
      decay: settings.decay,
      beta1_rest: 1 - settings.beta1,
      beta2: settings.beta2,
      beta2_rest: 1 - settings.beta2,
      step_size: settings.stepSize,
      root_correction: settings.rootCorrection,
      epsilon: settings.epsilon,
    };
    const { values, gradients, moment1, moment2 } = parameters;
    const tensors = { report, p: of(values), g: of(gradients), m: of(moment1), v: of(moment2) };
    tape.launch(
      kernel({ "adamw.wgsl": adamwShader }, "update"),
      tensors,
      dims,
      foldedGrid(quads, WORKGROUP_SIZE),
    );
  }
}
