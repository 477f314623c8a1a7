// Launches for tests without a GPU: only what is read and what is written counts.

import type { Kernel } from "../gpu/kernel";
import type { Launch } from "./tape";
import type { Scalar, Tensor } from "./tensor";

/** A kernel with bindings r0, r1, … that it reads and w0, w1, … that it writes. */
export function fakeKernel(reads: number, writes: number): Kernel {
  const names = [
    ...Array.from({ length: reads }, (_, i) => ({ name: `r${i}`, access: "read" as const })),
    ...Array.from({ length: writes }, (_, i) => ({ name: `w${i}`, access: "write" as const })),
  ];
  return {
    label: `${reads} → ${writes}`,
    code: "",
    entryPoint: "main",
    bindings: names.map((binding, i) => ({ ...binding, index: i + 1 })),
    dims: [{ name: "first", type: "u32" }],
  };
}

export function fakeLaunch(
  reads: readonly Tensor[],
  writes: readonly Tensor[],
  grid: Launch["grid"] = [1, 1, 1],
  options: Partial<Launch> = {},
): Launch {
  const dims: readonly Scalar[] = [0];
  return {
    kernel: fakeKernel(reads.length, writes.length),
    tensors: [...reads, ...writes],
    dims,
    grid,
    multiplyAdds: 0,
    ...options,
  };
}
