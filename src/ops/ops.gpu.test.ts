// Every kernel against its float64 reference, on Dawn. The same checks run in browsers (e2e/parity).

import { describe, expect, it } from "vitest";
import { checks } from "../testing/checks";
import { testGpu } from "../testing/test-gpu";

describe("kernels", () => {
  it.each(checks)("$name", async (check) => {
    const measured = await check.run(await testGpu());
    expect(measured.length).toBeGreaterThan(0);
    for (const { what, error, limit } of measured) expect(error, what).toBeLessThanOrEqual(limit);
  });
});
