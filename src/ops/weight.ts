// A frozen weight matrix as it lies on the GPU: in the format it was published in, split by rows where it is larger
// than one binding.

import bf16 from "../../shaders/weights/bf16.wgsl?raw";
import f16 from "../../shaders/weights/f16.wgsl?raw";
import f32 from "../../shaders/weights/f32.wgsl?raw";
import { assert } from "../core/errors";
import { MAX_BINDING_BYTES } from "../gpu/device";
import { resident, type Tensor } from "../program/tensor";

export type WeightFormat = "f32" | "bf16" | "f16";

/** The snippet that defines load_weight4 for each format: (file name → text), to be appended to a shader. */
export const weightSnippets = {
  f32: { "weights/f32.wgsl": f32 },
  bf16: { "weights/bf16.wgsl": bf16 },
  f16: { "weights/f16.wgsl": f16 },
} satisfies Record<WeightFormat, Record<string, string>>;

export interface WeightPart {
  readonly firstRow: number;
  readonly rows: number;
  readonly tensor: Tensor; // (rows, cols) in packed u32 words
}

/** W (rows, cols), row-major. */
export interface Weight {
  readonly name: string;
  readonly format: WeightFormat;
  readonly rows: number;
  readonly cols: number;
  readonly parts: readonly WeightPart[];
}

export const wordsPerElement = { f32: 1, bf16: 0.5, f16: 0.5 } satisfies Record<WeightFormat, number>;

/** Rows of each part but the last are a multiple of this, so that any part starts at a binding offset. */
const ROW_STEP = 128;

/** Declares a weight; its tensors are resident and still to be filled. */
export function declareWeight(
  name: string,
  format: WeightFormat,
  rows: number,
  cols: number,
  bindingBytes = MAX_BINDING_BYTES,
): Weight {
  assert(cols % 4 === 0, `weight ${name}: got ${cols} columns, need a multiple of 4`);
  const words = cols * wordsPerElement[format];
  const fitting = Math.floor(bindingBytes / (words * 4));
  const perPart = fitting >= rows ? rows : Math.floor(fitting / ROW_STEP) * ROW_STEP;
  assert(perPart > 0, `weight ${name}: one row of ${cols} columns is larger than a binding`);
  const parts: WeightPart[] = [];
  for (let firstRow = 0; firstRow < rows; firstRow += perPart) {
    const count = Math.min(perPart, rows - firstRow);
    const part = perPart < rows ? `${name} from row ${firstRow}` : name;
    parts.push({ firstRow, rows: count, tensor: resident(part, [count, words]) });
  }
  return { name, format, rows, cols, parts };
}

/** A trainable or other f32 matrix seen as a weight. */
export function f32Weight(tensor: Tensor, rows: number, cols: number): Weight {
  return { name: tensor.name, format: "f32", rows, cols, parts: [{ firstRow: 0, rows, tensor }] };
}
