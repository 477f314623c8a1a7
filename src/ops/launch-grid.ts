// How ops lay work out over launches and workgroups: counts that fold into y past WebGPU's 65,535, and sums over rows
// cut into ranges.

import { MAX_WORKGROUPS } from "../gpu/device";
import { largestOf, scalarAt, tiles, within, type Scalar, type Values } from "../program/tensor";

/** Grid of ceil(items / perGroup) workgroups. The kernel reads its number as group.y·groups.x + group.x. */
export function foldedGrid(items: Scalar, perGroup: number): [Scalar, Scalar, Scalar] {
  const groups = tiles(items, perGroup);
  if (typeof groups === "number")
    return [Math.min(groups, MAX_WORKGROUPS), Math.ceil(groups / MAX_WORKGROUPS), 1];
  const x = (count: number) => Math.min(count, MAX_WORKGROUPS);
  const y = (count: number) => Math.ceil(count / MAX_WORKGROUPS);
  return [
    { largest: x(groups.largest), at: (values: Values) => x(scalarAt(groups, values)) },
    { largest: y(groups.largest), at: (values: Values) => y(scalarAt(groups, values)) },
    1,
  ];
}

/**
 * Rows that one invocation sums over in one launch. Mesa's lavapipe ends a loop without a word after 65,535 rounds
 * (measured in Firefox), and a longer loop is heavy for a single launch anyway.
 */
const ROWS_A_SUM = 32_768;

/** Cuts a sum over rows into ranges, one launch each; the launches add up. */
export function rowRanges(rows: Scalar): { readonly first: number; readonly rows: Scalar }[] {
  return Array.from({ length: Math.ceil(largestOf(rows) / ROWS_A_SUM) }, (_, range) => {
    const first = range * ROWS_A_SUM;
    return { first, rows: within(rows, first, ROWS_A_SUM) };
  });
}
