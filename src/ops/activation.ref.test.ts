import { describe, expect, it } from "vitest";
import { gradcheck } from "../testing/gradcheck";
import { normalNumbers } from "../testing/numbers";
import { activated, activationBackward, activationSlope, erfc } from "./activation.ref";

const kinds = ["silu", "gelu-tanh", "gelu"] as const;

describe("activation reference", () => {
  // PyTorch in float64: silu(x), gelu(x, approximate="tanh"), gelu(x).
  it.each([
    ["silu", -3.5, -0.10259280762974712],
    ["silu", -0.25, -0.10945587477855048],
    ["silu", 0.75, 0.5093840243815447],
    ["silu", 2.5, 2.3103545499468914],
    ["gelu-tanh", -3.5, -0.0006161976553737403],
    ["gelu-tanh", -0.25, -0.100324649298315],
    ["gelu-tanh", 0.75, 0.5799605551656203],
    ["gelu-tanh", 2.5, 2.484915733910001],
    ["gelu", -3.5, -0.0008142017766243903],
    ["gelu", -0.25, -0.10032341857926907],
    ["gelu", 0.75, 0.5800294857173489],
    ["gelu", 2.5, 2.4844758366855597],
  ] as const)("%s of %d is PyTorch's", (kind, x, want) => {
    expect(Math.abs(activated(kind, x) - want)).toBeLessThan(1e-14 * Math.max(1, Math.abs(want)));
  });

  it.each(kinds)("%s has the slope of its forward pass", (kind) => {
    for (const spread of [1, 5]) {
      gradcheck({
        inputs: { x: normalNumbers(1, 40, spread) },
        forward: ({ x }) => ({ y: x.map((value) => activated(kind, value)) }),
        backward: ({ x }, { y: dy }) => ({ x: activationBackward(kind, x, dy) }),
      });
    }
  });

  it.each(kinds)("%s is 0 on one side and the identity on the other, with finite slopes", (kind) => {
    expect(activated(kind, -1000) + 0).toBe(0);
    expect(activated(kind, 1000)).toBe(1000);
    expect([activationSlope(kind, -1000) + 0, activationSlope(kind, 1000)]).toEqual([0, 1]);
  });

  it("joins the two forms of erfc without a step", () => {
    expect(Math.abs(erfc(3 - 1e-15) - erfc(3))).toBeLessThan(1e-13);
    expect(erfc(0)).toBe(1);
    // Abramowitz & Stegun, table 7.1: erf(0.5), erf(2)
    expect(1 - erfc(0.5)).toBeCloseTo(0.5204998778, 10);
    expect(1 - erfc(2)).toBeCloseTo(0.995322265, 9);
  });
});
