// Which variant of a kernel to use on this adapter: plain data, measured once (autotune) and passed to every tape.
// Results do not depend on it beyond rounding.

export interface Tuning {
  /** Variant of each matrix product: from registers (no workgroup memory) or through shared tiles. */
  readonly matmul: Readonly<Record<"forward" | "backward_input" | "backward_weight", "registers" | "shared">>;
  /**
   * Lanes that share a row in reductions, a power of two. A barrier among 64 lanes costs a software adapter about
   * 8 µs (measured on SwiftShader), so there 4 lanes, one subgroup, are twelve times faster than 64.
   */
  readonly rowLanes: number;
}

export const tunings = {
  /** GPUs, before anything was measured. */
  gpu: {
    matmul: { forward: "shared", backward_input: "shared", backward_weight: "shared" },
    rowLanes: 64,
  },
  /** Software adapters. */
  software: {
    matmul: { forward: "registers", backward_input: "registers", backward_weight: "registers" },
    rowLanes: 4,
  },
} satisfies Record<string, Tuning>;
