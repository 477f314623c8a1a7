import { describe, expect, it } from "vitest";
import { adamw } from "../ops/adamw";
import { declareReport } from "../ops/cross-entropy";
import { newTape } from "../ops/elementwise";
import { layOutParameters } from "./parameters";
import { rootOf, type Tensor } from "./tensor";

describe("parameters", () => {
  const shapes = [
    { name: "a", rows: 3, cols: 20 },
    { name: "b", rows: 65, cols: 4 },
    { name: "c", rows: 1, cols: 64 },
  ];
  const { list, elements, values, gradients, moment1, moment2 } = layOutParameters(shapes);

  it("lie one behind the other at multiples of 256 bytes", () => {
    expect(list.map(({ offset }) => offset)).toEqual([0, 256, 1536]);
    expect(elements).toBe((1536 + 256) / 4);
  });

  it("have the same place in all four buffers", () => {
    for (const flat of [values, gradients, moment1, moment2]) expect(flat.bytes).toBe(elements * 4);
    for (const { value, gradient, offset, rows, cols } of list) {
      expect(value.view).toEqual({ of: values, offset });
      expect(gradient.view).toEqual({ of: gradients, offset });
      expect(value.shape).toEqual([rows, cols]);
    }
  });

  it("are at least one", () => {
    expect(() => layOutParameters([])).toThrow(/need at least one/);
  });
});

describe("adamw", () => {
  const slice = 16 * 1024 * 1024; // elements a launch, 64 MiB
  const parameters = layOutParameters([{ name: "large", rows: 2 * slice + 4096 + 64, cols: 1 }]);
  const tape = newTape();
  adamw(tape, parameters, declareReport(), {
    maxGradientNorm: 1,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    decay: 1,
    stepSize: 1,
    rootCorrection: 1,
  });
  /** [first element, elements] of a flat buffer in each launch of a kernel that binds it. */
  const ranges = (entry: string, flat: Tensor): number[][] =>
    tape.launches
      .filter(({ kernel }) => kernel.entryPoint === entry)
      .map(({ tensors }) => tensors.find((tensor) => rootOf(tensor) === flat)!)
      .map((tensor) => [(tensor.view?.offset ?? 0) / 4, tensor.bytes / 4]);

  it("sees every element of buffers beyond one slice once, in the norm and in the update", () => {
    const want = [
      [0, slice],
      [slice, slice],
      [2 * slice, 4096 + 64],
    ];
    const { values, gradients, moment1, moment2 } = parameters;
    expect(ranges("partial_norm", gradients)).toEqual(want);
    for (const flat of [values, gradients, moment1, moment2]) expect(ranges("update", flat)).toEqual(want);
  });

  it("sums as many partial norms as the slices make, each in its place", () => {
    const total = tape.launches.find(({ kernel }) => kernel.entryPoint === "total_norm")!;
    const sums = rootOf(total.tensors[total.kernel.bindings.findIndex(({ name }) => name === "all_sums")]!);
    const perSlice = slice / 4 / 1024;
    expect(total.dims[total.kernel.dims.findIndex(({ name }) => name === "partials")]).toBe(2 * perSlice + 2);
    expect(ranges("partial_norm", sums).map(([first, length]) => [first! / 2, length! / 2])).toEqual([
      [0, perSlice],
      [perSlice, perSlice],
      [2 * perSlice, 2],
    ]);
  });
});
