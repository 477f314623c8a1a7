// Tensors as a program sees them: names for ranges of GPU memory, with row counts that may vary from run to run.
// No GPU here. Elements are four bytes; packed weights count in u32 words.

import { assert } from "../core/errors";

/** Numbers given to a run: token counts, learning rate, seeds. */
export type Values = Readonly<Record<string, number>>;

/** A number known only when the program runs, never above `largest`. */
export interface Quantity {
  readonly largest: number;
  at(values: Values): number;
}

export type Scalar = number | Quantity;

/** The value given to a run under `name`. A program is planned for `largest`. */
export function value(name: string, largest = Infinity): Quantity {
  return {
    largest,
    at(values) {
      const v = values[name];
      assert(v !== undefined && v <= largest, `value ${name}: got ${v}, need a number up to ${largest}`);
      return v;
    },
  };
}

export const largestOf = (s: Scalar): number => (typeof s === "number" ? s : s.largest);
export const scalarAt = (s: Scalar, values: Values): number => (typeof s === "number" ? s : s.at(values));

/** ceil(s / step). */
export function tiles(s: Scalar, step: number): Scalar {
  return mapScalar(s, (v) => Math.ceil(v / step));
}

/** The part of s inside [begin, begin + size), as a count. */
export function within(s: Scalar, begin: number, size: number): Scalar {
  return mapScalar(s, (v) => Math.min(Math.max(v - begin, 0), size));
}

export function times(s: Scalar, factor: number): Scalar {
  return mapScalar(s, (v) => v * factor);
}

function mapScalar(s: Scalar, f: (v: number) => number): Scalar {
  if (typeof s === "number") return f(s);
  return { largest: f(s.largest), at: (values) => f(s.at(values)) };
}

/** A range of GPU memory. `activation`: placed by the plan. `resident`: a buffer that outlives the program. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly Scalar[];
  /** Size at the largest row counts. */
  readonly bytes: number;
  readonly place: "activation" | "resident";
  /** Where a view lives; absent for a tensor with memory of its own. */
  readonly view?: { readonly of: Tensor; readonly offset: number };
}

const BYTES_PER_ELEMENT = 4;
/** WebGPU's guaranteed offset alignment for bindings. */
export const ALIGNMENT = 256;

export function createTensor(name: string, shape: readonly Scalar[], place: Tensor["place"]): Tensor {
  const elements = shape.map(largestOf).reduce((product, size) => product * size, 1);
  assert(Number.isSafeInteger(elements) && elements > 0, `tensor ${name}: got ${elements} elements`);
  return { name, shape, bytes: elements * BYTES_PER_ELEMENT, place };
}

/** Memory that outlives a program: weights, parameters, inputs, caches. */
export function resident(name: string, shape: readonly Scalar[]): Tensor {
  return createTensor(name, shape, "resident");
}

/** A range of `of` from `offset` bytes (a multiple of 256). */
export function view(of: Tensor, name: string, offset: number, shape: readonly Scalar[]): Tensor {
  assert(offset % ALIGNMENT === 0, `view ${name}: offset ${offset} is not a multiple of ${ALIGNMENT}`);
  const root = of.view?.of ?? of;
  const tensor = {
    ...createTensor(name, shape, of.place),
    view: { of: root, offset: offset + (of.view?.offset ?? 0) },
  };
  assert(tensor.view.offset + tensor.bytes <= root.bytes, `view ${name} does not fit in ${root.name}`);
  return tensor;
}

/** Rows [first, first + rows) of a tensor. */
export function rowsOf(tensor: Tensor, first: number, rows: Scalar): Tensor {
  const offset = first * rowLength(tensor) * BYTES_PER_ELEMENT;
  return view(tensor, `${tensor.name} from row ${first}`, offset, [rows, ...tensor.shape.slice(1)]);
}

/** The tensor that owns the memory. */
export function rootOf(tensor: Tensor): Tensor {
  return tensor.view?.of ?? tensor;
}

/** Elements in one row (all axes but the first). */
export function rowLength(tensor: Tensor): number {
  return tensor.shape.slice(1).reduce<number>((product, size) => product * largestOf(size), 1);
}

export function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}
