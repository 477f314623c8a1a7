// Which variant of a kernel to use on this adapter: plain data, measured once (ops/autotune) and passed to every tape.
// Results do not depend on it beyond rounding.

/**
 * How a matrix product is done: `registers` without workgroup memory, `shared` through tiles of 64×64 and `shared-small`
 * of 32×32, `split` with many lanes to each result.
 */
export type MatmulVariant = "registers" | "shared" | "shared-small" | "split";

/** Results with a side of at most 64, as LoRA's low-rank products have, leave most of a GPU idle in large tiles. */
export type ProductShape = "wide" | "narrow";

export function productShape(cols: number, lines: number): ProductShape {
  return Math.min(cols, lines) <= 64 ? "narrow" : "wide";
}

export interface Tuning {
  readonly matmul: Readonly<
    Record<"forward" | "backward_input" | "backward_weight", Readonly<Record<ProductShape, MatmulVariant>>>
  >;
  /**
   * Lanes that share a row in reductions, a power of two. A barrier among 64 lanes costs a software adapter about
   * 8 µs (measured on SwiftShader), so there 4 lanes, one subgroup, are twelve times faster than 64.
   */
  readonly rowLanes: number;
  /** Lanes of an attention workgroup: 64, or 4 where barriers are dear. */
  readonly attentionLanes: number;
  /** Of the slowest matrix product, as chosen: says how much work a launch may hold. */
  readonly multiplyAddsPerSecond: number;
}

/** Browsers and drivers kill long work; no launch should take longer. */
const LAUNCH_SECONDS = 0.05;

/** Heaviest single launch on this adapter, for `compile`. */
export function multiplyAddsPerLaunch(tuning: Tuning): number {
  return tuning.multiplyAddsPerSecond * LAUNCH_SECONDS;
}

const sharedTiles = { wide: "shared", narrow: "split" } as const;
const noTiles = { wide: "registers", narrow: "registers" } as const;

export const tunings = {
  /** GPUs, before anything was measured. */
  gpu: {
    matmul: { forward: sharedTiles, backward_input: sharedTiles, backward_weight: sharedTiles },
    rowLanes: 64,
    attentionLanes: 64,
    multiplyAddsPerSecond: 1e11,
  },
  /** Software adapters. */
  software: {
    matmul: { forward: noTiles, backward_input: noTiles, backward_weight: noTiles },
    rowLanes: 4,
    attentionLanes: 4,
    multiplyAddsPerSecond: 1e9,
  },
} satisfies Record<string, Tuning>;
