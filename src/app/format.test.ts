import { expect, test } from "vitest";
import {
  formatBytes,
  formatCount,
  formatCounted,
  formatDateTime,
  formatDuration,
  formatNumber,
  formatPercent,
  formatRounded,
  formatTokensPerSecond,
} from "./format";

test.each([
  [0, "0 B"],
  [999, "999 B"],
  [1000, "1 kB"],
  [6_690_432, "6.69 MB"],
  [12_345_678, "12.3 MB"],
  [999_600, "1 MB"],
  [1.07e10, "10.7 GB"],
  [Number.NaN, "unknown size"],
])("%d bytes read %s", (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

test.each([
  [0.04, "0 s"],
  [0.42, "0.4 s"],
  [9.96, "10 s"],
  [59.7, "1 min"],
  [125, "2 min 5 s"],
  [3600, "1 h"],
  [3599.6, "1 h"],
  [12_000, "3 h 20 min"],
  [187_200, "2 d 4 h"],
  [Number.POSITIVE_INFINITY, "unknown"],
])("%d seconds read %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

test.each([
  [0, "0"],
  [2e-4, "0.0002"],
  [1.23456, "1.235"],
  [-0.5, "−0.5"],
  [1e-8, "1e−8"],
  [123_456, "123,500"],
  [Number.NaN, "not a number"],
])("%d reads %s", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("shares read as percent, tiny ones too", () => {
  expect([0, 0.00002, 0.0314, 0.5, 1].map(formatPercent)).toEqual([
    "0 %",
    "under 0.1 %",
    "3.1 %",
    "50 %",
    "100 %",
  ]);
});

test("counts have separators, nouns and rounding", () => {
  expect(formatCount(3_345_216)).toBe("3,345,216");
  expect(formatCounted(1, "row")).toBe("1 row");
  expect(formatCounted(52, "row")).toBe("52 rows");
  expect([9_999, 12_345, 3_345_216, 999_600, 1.5e9].map(formatRounded)).toEqual([
    "9,999",
    "12 thousand",
    "3.3 million",
    "1.0 million",
    "1.5 billion",
  ]);
  expect(formatTokensPerSecond(4.26)).toBe("4.3 tokens/s");
  expect(formatTokensPerSecond(1234.5)).toBe("1,235 tokens/s");
});

test("days are named from today", () => {
  const now = new Date(2026, 10, 21, 14, 5).getTime();
  expect(formatDateTime(now, now)).toBe("today, 14:05");
  expect(formatDateTime(new Date(2026, 10, 20, 23, 59).getTime(), now)).toBe("yesterday, 23:59");
  expect(formatDateTime(new Date(2026, 2, 3, 18, 40).getTime(), now)).toBe("3 Mar 2026, 18:40");
});
