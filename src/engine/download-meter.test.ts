import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { DownloadProgress } from "./api";
import { DownloadMeter } from "./download-meter";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function metered(): {
  meter: DownloadMeter;
  told: DownloadProgress[];
  after: (milliseconds: number) => void;
} {
  const told: DownloadProgress[] = [];
  const meter = new DownloadMeter((progress) => told.push(progress));
  return { meter, told, after: (milliseconds) => vi.advanceTimersByTime(milliseconds) };
}

describe("a download's progress", () => {
  it("tells the speed of the last seconds and the time left", () => {
    const { meter, told, after } = metered();
    for (let second = 0; second <= 20; second++) {
      meter.here(second < 10 ? second * 1000 : 10_000 + (second - 10) * 5000, 100_000);
      after(1000);
    }
    expect(told.at(-1)).toEqual({
      done: 60_000,
      total: 100_000,
      bytesPerSecond: 5000,
      secondsLeft: 8,
      isElsewhere: false,
    });
  });

  it("says what is waited for, until bytes arrive again", () => {
    const { meter, told, after } = metered();
    meter.here(1, 10);
    after(1000);
    meter.wait({ reason: "the limit is reached", milliseconds: 5000 });
    after(1000);
    expect(told.at(-1)).toMatchObject({
      done: 1,
      bytesPerSecond: 0,
      waiting: { reason: "the limit is reached", seconds: 5 },
    });
    meter.wait({ reason: "at once", milliseconds: 0 });
    meter.here(2, 10);
    after(1000);
    expect(told.at(-1)!.waiting).toBeUndefined();
  });

  it("is told a few times a second, and the last of it in any case", async () => {
    const { meter, told, after } = metered();
    for (let done = 0; done <= 1000; done++) {
      meter.here(done, 1000);
      after(1);
    }
    expect(told.length).toBeLessThan(10);
    meter.elsewhere(1000, 1000);
    void meter.end();
    expect(told.at(-1)).toMatchObject({ done: 1000, isElsewhere: true });
  });
});
