import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { learningRateShare, warmupOf } from "./schedule";

interface ScheduleGolden {
  readonly schedule: "linear" | "cosine" | "constant";
  readonly totalSteps: number;
  readonly warmupSteps: number;
  readonly warmupRatio: number;
  readonly resolvedWarmupSteps: number;
  readonly multipliers: readonly number[];
}

const { cases } = JSON.parse(readFileSync("e2e/golden/parts/schedules.json", "utf8")) as {
  cases: ScheduleGolden[];
};

describe("a learning-rate schedule", () => {
  it("is compared with transformers over all three shapes", () => {
    expect(new Set(cases.map(({ schedule }) => schedule))).toEqual(new Set(["linear", "cosine", "constant"]));
  });

  it.each(cases)(
    "$schedule over $totalSteps steps, warm-up $warmupSteps or ratio $warmupRatio, gives transformers' rates",
    ({ schedule, totalSteps, multipliers, resolvedWarmupSteps, ...warmup }) => {
      expect(warmupOf(warmup, totalSteps)).toBe(resolvedWarmupSteps);
      const shares = multipliers.map((_, done) =>
        learningRateShare(schedule, done, resolvedWarmupSteps, totalSteps),
      );
      expect(shares).toEqual(multipliers.map((share) => expect.closeTo(share, 14)));
    },
  );

  it("stays within 0 and 1 when the warm-up is as long as the run or longer", () => {
    for (const schedule of ["linear", "cosine", "constant"] as const) {
      for (let done = 0; done <= 12; done++) {
        for (const warmup of [12, 60]) {
          const share = learningRateShare(schedule, done, warmup, 12);
          expect(share).toBeGreaterThanOrEqual(0);
          expect(share).toBeLessThanOrEqual(1);
        }
      }
    }
  });
});
