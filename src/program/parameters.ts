// Trainable parameters: one flat f32 buffer, and three more of the same layout for gradients and both AdamW moments.
// So the gradient norm is one reduction, AdamW one launch and a checkpoint three readbacks.

import { assert } from "../core/errors";
import { alignUp, resident, view, type Tensor } from "./tensor";

export interface ParameterShape {
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
}

/** One parameter: views of the same range of the value buffer and of the gradient buffer. */
export interface Parameter extends ParameterShape {
  readonly value: Tensor; // (rows, cols)
  readonly gradient: Tensor; // (rows, cols), always accumulated into
  /** Byte offset in each of the four flat buffers. */
  readonly offset: number;
}

export interface Parameters {
  readonly list: readonly Parameter[];
  readonly values: Tensor; // (elements)
  readonly gradients: Tensor; // (elements)
  readonly moment1: Tensor; // (elements)
  readonly moment2: Tensor; // (elements)
  /** Elements of one flat buffer, gaps of the alignment included (they stay zero). */
  readonly elements: number;
}

/** Lays `shapes` out one behind the other, each at a binding offset. */
export function layOutParameters(shapes: readonly ParameterShape[]): Parameters {
  assert(shapes.length > 0, "got no trainable parameter, need at least one");
  let bytes = 0;
  const offsets = shapes.map(({ rows, cols }) => {
    const offset = bytes;
    bytes = alignUp(offset + rows * cols * 4);
    return offset;
  });
  const elements = bytes / 4;
  const [values, gradients, moment1, moment2] = ["parameters", "gradients", "moment1", "moment2"].map(
    (name) => resident(name, [elements]),
  ) as [Tensor, Tensor, Tensor, Tensor];
  const list = shapes.map((shape, i): Parameter => {
    const size = [shape.rows, shape.cols];
    return {
      ...shape,
      offset: offsets[i]!,
      value: view(values, shape.name, offsets[i]!, size),
      gradient: view(gradients, `d ${shape.name}`, offsets[i]!, size),
    };
  });
  return { list, values, gradients, moment1, moment2, elements };
}
