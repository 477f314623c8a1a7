import { describe, expect, it } from "vitest";
import { gradcheck } from "../testing/gradcheck";
import { normalNumbers } from "../testing/numbers";
import { matmulBackwardBias, matmulBackwardInput, matmulBackwardWeight, matmulForward } from "./matmul.ref";

describe("matmul reference", () => {
  it("multiplies rows of x by rows of the weight and adds the bias", () => {
    const { y } = matmulForward({
      x: Float64Array.of(1, 2, 3, 4, 5, 6),
      weight: Float64Array.of(1, 0, -1, 2, 2, 2),
      bias: Float64Array.of(10, 20),
      tokens: 2,
      inFeatures: 3,
      outFeatures: 2,
    });
    expect([...y]).toEqual([8, 32, 8, 50]);
  });

  for (const [tokens, inFeatures, outFeatures] of [
    [1, 1, 1],
    [7, 5, 3],
    [4, 1, 9],
  ] as const) {
    it(`has the gradients of its forward pass at ${tokens} × ${inFeatures} × ${outFeatures}`, () => {
      const shape = { tokens, inFeatures, outFeatures };
      gradcheck({
        inputs: {
          x: normalNumbers(1, tokens * inFeatures),
          weight: normalNumbers(2, outFeatures * inFeatures),
          bias: normalNumbers(3, outFeatures),
        },
        forward: (inputs) => matmulForward({ ...shape, ...inputs }),
        backward: ({ x, weight }, { y: dy }) => {
          const dWeight = new Float64Array(outFeatures * inFeatures);
          const dBias = new Float64Array(outFeatures);
          matmulBackwardWeight({ ...shape, dy, x, dWeight });
          matmulBackwardBias({ tokens, outFeatures, dy, dBias });
          return { x: matmulBackwardInput({ ...shape, dy, weight }).dx, weight: dWeight, bias: dBias };
        },
      });
    });
  }

  it("adds parameter gradients to what is already there", () => {
    const dWeight = Float64Array.of(100, 200);
    const dBias = Float64Array.of(1000);
    const dy = Float64Array.of(2, 3);
    matmulBackwardWeight({
      dy,
      x: Float64Array.of(1, 4, 5, 6),
      dWeight,
      tokens: 2,
      inFeatures: 2,
      outFeatures: 1,
    });
    matmulBackwardBias({ dy, dBias, tokens: 2, outFeatures: 1 });
    expect([...dWeight]).toEqual([117, 226]);
    expect([...dBias]).toEqual([1005]);
  });

  it("refuses an array of the wrong length", () => {
    const shape = { tokens: 2, inFeatures: 3, outFeatures: 1 };
    const call = (): unknown =>
      matmulForward({ ...shape, x: new Float64Array(5), weight: new Float64Array(3) });
    expect(call).toThrow("got x with 5 elements, need 6 for shape (2, 3)");
  });
});
