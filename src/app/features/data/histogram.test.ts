import { describe, expect, it } from "vitest";
import { lengthHistogram } from "./histogram";

describe("the histogram of token lengths", () => {
  it("counts every row once, the longest in the last bin", () => {
    const { counts, width, longest, median } = lengthHistogram(Uint32Array.of(1, 5, 10, 11, 200));
    expect({ width, longest, median }).toEqual({ width: 5, longest: 200, median: 10 });
    expect(counts).toHaveLength(40);
    expect(counts.slice(0, 3)).toEqual([2, 1, 1]);
    expect(counts.at(-1)).toBe(1);
    expect(counts.reduce((sum, count) => sum + count)).toBe(5);
  });

  it.each([
    [40, 1],
    [41, 2],
    [200, 5],
    [201, 10],
    [131_072, 5000],
  ])("takes bins of a round width for rows of up to %i tokens", (longest, width) => {
    const histogram = lengthHistogram(Uint32Array.of(longest));
    expect(histogram.width).toBe(width);
    expect(histogram.counts.length).toBeLessThanOrEqual(40);
  });

  it("is empty without rows", () => {
    expect(lengthHistogram(new Uint32Array())).toEqual({ width: 1, counts: [0], longest: 0, median: 0 });
  });
});
