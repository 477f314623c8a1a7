import { describe, expect, it } from "vitest";
import { foldedGrid } from "../ops/launch-grid";
import {
  largestOf,
  resident,
  rootOf,
  rowLength,
  scalarAt,
  tiles,
  times,
  value,
  view,
  within,
} from "./tensor";

describe("quantities", () => {
  const rows = value("rows", 100);

  it("are what the run says, up to what was planned", () => {
    expect(scalarAt(rows, { rows: 7 })).toBe(7);
    expect(() => scalarAt(rows, { rows: 101 })).toThrow(/value rows: got 101, need a number up to 100/);
    expect(() => scalarAt(rows, {})).toThrow(/value rows: got undefined/);
    expect(() => scalarAt(rows, { rows: NaN })).toThrow(/got NaN/);
  });

  it.each([
    [1, 1],
    [64, 1],
    [65, 2],
    [100, 2],
    [0, 0],
  ])("make tiles: %i rows of 64 are %i", (now, count) => {
    expect(scalarAt(tiles(rows, 64), { rows: now })).toBe(count);
    expect(tiles(now, 64)).toBe(count);
    expect(largestOf(tiles(rows, 64))).toBe(2);
  });

  it.each([
    [0, 0],
    [31, 0],
    [32, 0],
    [33, 1],
    [48, 16],
    [100, 16],
  ])("count what lies in a window: of %i rows %i lie in 32 … 47", (now, count) => {
    expect(scalarAt(within(rows, 32, 16), { rows: now })).toBe(count);
    expect(within(now, 32, 16)).toBe(count);
  });

  it("cover every row once when windows follow each other", () => {
    for (const now of [0, 1, 31, 32, 33, 99, 100]) {
      const windows = [0, 32, 64, 96].map((begin) => scalarAt(within(rows, begin, 32), { rows: now }));
      expect(windows.reduce((a, b) => a + b)).toBe(now);
    }
  });

  it("multiply", () => {
    expect(scalarAt(times(rows, 3), { rows: 5 })).toBe(15);
    expect(largestOf(times(rows, 3))).toBe(300);
  });
});

describe("foldedGrid", () => {
  it.each([0, 1, 65_535, 65_536, 200_000, 70_000_000])(
    "has room for %i workgroups and few more",
    (groups) => {
      const rows = value("rows");
      for (const grid of [foldedGrid(groups * 64, 64), foldedGrid(times(rows, 64), 64)]) {
        const [x, y, z] = grid.map((count) => scalarAt(count, { rows: groups })) as [number, number, number];
        expect(x * y * z).toBeGreaterThanOrEqual(groups);
        expect(x * y * z - groups).toBeLessThan(Math.max(1, x));
        expect(Math.max(x, y, z)).toBeLessThanOrEqual(65_535);
      }
    },
  );
});

describe("tensors", () => {
  it("have the size of their largest shape", () => {
    const tensor = resident("x", [value("rows", 10), 3, 4]);
    expect(tensor.bytes).toBe(480);
    expect(rowLength(tensor)).toBe(12);
  });

  it("need a finite size", () => {
    expect(() => resident("x", [value("rows"), 4])).toThrow(/tensor x: got Infinity elements/);
    expect(() => resident("x", [0, 4])).toThrow(/got 0 elements/);
  });

  it("are seen through views at multiples of 256 bytes, views of views too", () => {
    const whole = resident("whole", [256]);
    const half = view(whole, "half", 512, [128]);
    const quarter = view(half, "quarter", 256, [64]);
    expect(quarter.view).toEqual({ of: whole, offset: 768 });
    expect(rootOf(quarter)).toBe(whole);
    expect(() => view(whole, "odd", 128, [4])).toThrow(/offset 128 is not a multiple of 256/);
    expect(() => view(half, "long", 256, [65])).toThrow(/long does not fit in whole/);
  });
});
