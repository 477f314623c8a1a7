// Token lengths of rows, counted in bins of a round width.

export interface Histogram {
  /** Tokens a bin. Bin i holds lengths from i·width + 1 to (i + 1)·width. */
  readonly width: number;
  readonly counts: readonly number[];
  readonly longest: number;
  readonly median: number;
}

const MOST_BINS = 40;

/** At most 40 bins of 1, 2 or 5 times a power of ten. */
export function lengthHistogram(lengths: Uint32Array): Histogram {
  const sorted = lengths.slice().sort();
  const longest = sorted.at(-1) ?? 0;
  const width = roundWidth(longest / MOST_BINS);
  const counts = new Array<number>(Math.max(1, Math.ceil(longest / width))).fill(0);
  for (const length of lengths) counts[Math.max(0, Math.ceil(length / width) - 1)]!++;
  return { width, counts, longest, median: sorted[sorted.length >> 1] ?? 0 };
}

/** The smallest of 1, 2, 5, 10, 20, 50, … that is no smaller than `least`. */
function roundWidth(least: number): number {
  for (let power = 1; ; power *= 10) {
    for (const step of [1, 2, 5]) if (step * power >= least) return step * power;
  }
}
