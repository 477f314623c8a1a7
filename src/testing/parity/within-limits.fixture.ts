// How a test looks at parity results.

import { expect } from "vitest";
import type { ParityResult } from "./model-parity";

export function expectWithinLimits(results: readonly ParityResult[]): void {
  expect(results.length).toBeGreaterThan(0);
  for (const { configuration, check, measured, limit } of results) {
    expect(measured, `${configuration}: ${check}`).toBeLessThanOrEqual(limit);
  }
}
