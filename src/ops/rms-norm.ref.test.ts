import { describe, expect, it } from "vitest";
import { gradcheck } from "../testing/gradcheck";
import { normalNumbers } from "../testing/numbers";
import { rmsNorm, rmsNormBackward } from "./rms-norm.ref";

describe("RMSNorm reference", () => {
  it("divides a row by its root mean square and multiplies by the weight", () => {
    const { y, rstd } = rmsNorm({
      x: Float64Array.of(1, 7, -3, 3),
      weight: Float64Array.of(1, 10),
      epsilon: 0,
      tokens: 2,
      hidden: 2,
    });
    expect([...rstd].map((value) => 1 / value)).toEqual([5, 3].map((value) => expect.closeTo(value, 14)));
    expect([...y]).toEqual([0.2, 14, -1, 10].map((value) => expect.closeTo(value, 14)));
  });

  it("adds epsilon to the mean square, inside the root", () => {
    const { rstd } = rmsNorm({
      x: Float64Array.of(0, 0),
      weight: Float64Array.of(1, 1),
      epsilon: 0.25,
      tokens: 1,
      hidden: 2,
    });
    expect(rstd[0]).toBe(2);
  });

  for (const [tokens, hidden, epsilon] of [
    [1, 1, 0.5],
    [7, 5, 1e-5],
    [2, 9, 0.1],
  ] as const) {
    it(`has the gradients of its forward pass at ${tokens} × ${hidden}, epsilon ${epsilon}`, () => {
      const shape = { tokens, hidden, epsilon };
      gradcheck({
        inputs: { x: normalNumbers(1, tokens * hidden), weight: normalNumbers(2, hidden) },
        forward: ({ x, weight }) => ({ y: rmsNorm({ ...shape, x, weight }).y }),
        backward: ({ x, weight }, { y: dy }) => {
          const { dx, dWeight } = rmsNormBackward({ ...shape, x, weight, dy });
          return { x: dx, weight: dWeight };
        },
      });
    });
  }
});
