import { describe, expect, it } from "vitest";
import { gradcheck } from "../testing/gradcheck";
import { normalNumbers } from "../testing/numbers";
import { layerNorm, layerNormBackward } from "./layer-norm.ref";

describe("LayerNorm reference", () => {
  it("takes the mean away, divides by the standard deviation, scales and shifts", () => {
    // mean 3, variance 4
    const { y } = layerNorm({
      tokens: 1,
      hidden: 2,
      epsilon: 0,
      x: Float64Array.of(1, 5),
      weight: Float64Array.of(2, 3),
      bias: Float64Array.of(10, 20),
    });
    expect([...y]).toEqual([8, 23]);
  });

  it("keeps a row of equal numbers finite", () => {
    const { y } = layerNorm({
      tokens: 1,
      hidden: 3,
      epsilon: 1e-5,
      x: Float64Array.of(7, 7, 7),
      weight: Float64Array.of(1, 1, 1),
      bias: Float64Array.of(1, 2, 3),
    });
    expect([...y]).toEqual([1, 2, 3]);
  });

  for (const [tokens, hidden, epsilon] of [
    [1, 2, 1e-5],
    [3, 7, 1e-5],
    [2, 5, 0.5],
  ] as const) {
    it(`has the gradient of its forward pass for ${tokens}×${hidden}, ε = ${epsilon}`, () => {
      const weight = normalNumbers(2, hidden);
      const shape = { tokens, hidden, epsilon, weight };
      gradcheck({
        inputs: { x: normalNumbers(1, tokens * hidden) },
        forward: ({ x }) => layerNorm({ ...shape, x, bias: normalNumbers(3, hidden) }),
        backward: ({ x }, { y: dy }) => ({ x: layerNormBackward({ ...shape, x, dy }).dx }),
      });
    });
  }
});
