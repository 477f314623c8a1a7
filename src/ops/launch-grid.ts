// Workgroup counts for kernels that number their workgroups along x and fold into y past WebGPU's 65,535.

import { MAX_WORKGROUPS } from "../gpu/device";
import { scalarAt, tiles, type Scalar, type Values } from "../program/tensor";

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
