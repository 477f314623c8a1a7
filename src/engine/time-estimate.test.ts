import { describe, expect, it } from "vitest";
import { secondsOf } from "./time-estimate";

const work = { multiplyAdds: 1e12, multiplyAddsPerToken: 1e6, tokensPerMicroBatch: 400 };

describe("the time of a run", () => {
  it("is unknown until something was measured", () => {
    expect(secondsOf(work, [], undefined)).toBeUndefined();
  });

  it("comes from the adapter's measured rate before the first run", () => {
    expect(secondsOf(work, [], 2e9)).toBe(500);
  });

  it("comes from the most similar earlier run afterwards", () => {
    const speed = (tokensPerMicroBatch: number, multiplyAddsPerSecond: number) => ({
      tokensPerMicroBatch,
      multiplyAddsPerToken: 1e6,
      multiplyAddsPerSecond,
    });
    expect(secondsOf(work, [speed(20, 1e8), speed(500, 1e10), speed(4000, 1e11)], 2e9)).toBe(100);
  });
});
