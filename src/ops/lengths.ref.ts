// The one check that every reference makes of its arrays: a short array would read `undefined` and end as a silent NaN.

import { assert } from "../core/errors";

/** Throws unless the array has as many elements as the product of `shape`. */
export function assertShape(name: string, array: ArrayLike<number>, shape: readonly number[]): void {
  const length = shape.reduce((product, size) => product * size, 1);
  assert(
    array.length === length,
    `got ${name} with ${array.length} elements, need ${length} for shape (${shape.join(", ")})`,
  );
}
