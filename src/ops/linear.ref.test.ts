import { describe, expect, it } from "vitest";
import { gradcheck } from "../testing/gradcheck";
import { normalNumbers } from "../testing/numbers";
import { dropoutMask } from "./dropout.ref";
import { linear, linearBackward, type LinearInputs } from "./linear.ref";
import { matmulForward } from "./matmul.ref";

const scale = 1.7;

function problem(tokens: number, inFeatures: number, outFeatures: number, rank: number) {
  return {
    shape: { tokens, inFeatures, outFeatures },
    inputs: {
      x: normalNumbers(1, tokens * inFeatures),
      weight: normalNumbers(2, outFeatures * inFeatures),
      bias: normalNumbers(3, outFeatures),
      a: normalNumbers(4, rank * inFeatures),
      b: normalNumbers(5, outFeatures * rank),
    },
    mask: dropoutMask({ probability: 0.3, seed: 1, stream: 2, rows: tokens, columns: inFeatures }).mask,
  };
}

describe("linear reference", () => {
  for (const dropout of [false, true]) {
    for (const [tokens, inFeatures, outFeatures, rank] of [
      [1, 7, 5, 1],
      [7, 5, 9, 3],
      [3, 4, 1, 6],
    ] as const) {
      const size = `${tokens} × ${inFeatures} × ${outFeatures}, rank ${rank}`;
      it(`has the gradients of its forward pass at ${size}, ${dropout ? "with" : "without"} dropout`, () => {
        const { shape, inputs, mask } = problem(tokens, inFeatures, outFeatures, rank);
        const paramsOf = ({ x, weight, bias, a, b }: typeof inputs): LinearInputs => ({
          ...shape,
          x,
          weight,
          bias,
          lora: { rank, scale, a, b, mask: dropout ? mask : undefined },
        });
        gradcheck({
          inputs,
          forward: (at) => linear(paramsOf(at)),
          backward: (at, { y: dy }) => {
            const { dx, dWeight, dBias, dA, dB } = linearBackward({ ...paramsOf(at), dy });
            return { x: dx, weight: dWeight, bias: dBias, a: dA, b: dB };
          },
        });
      });
    }
  }

  it("gives the product with W + s·B·A when nothing is dropped", () => {
    const rank = 2;
    const { shape, inputs } = problem(3, 4, 5, rank);
    const { x, weight, bias, a, b } = inputs;
    const merged = weight.map((value, i) => {
      const [o, k] = [Math.floor(i / 4), i % 4];
      return value + scale * (b[o * rank]! * a[k]! + b[o * rank + 1]! * a[4 + k]!);
    });
    const { y } = linear({ ...shape, x, weight, bias, lora: { rank, scale, a, b } });
    const expected = matmulForward({ ...shape, x, weight: merged, bias }).y;
    y.forEach((value, i) => expect(value).toBeCloseTo(expected[i]!, 12));
  });

  it("drops inputs of the adapter's branch and of no other", () => {
    const { shape, inputs } = problem(3, 4, 5, 2);
    const { x, weight, bias, a, b } = inputs;
    const everything = new Float64Array(12);
    const { y } = linear({ ...shape, x, weight, bias, lora: { rank: 2, scale, a, b, mask: everything } });
    expect(y).toEqual(matmulForward({ ...shape, x, weight, bias }).y);
  });

  it("moves B first when B is zero: A has no gradient yet", () => {
    const { shape, inputs } = problem(3, 4, 5, 2);
    const { x, weight, a } = inputs;
    const lora = { rank: 2, scale, a, b: new Float64Array(10) };
    const dy = normalNumbers(9, 15);
    const { dA, dB, dx } = linearBackward({ ...shape, x, weight, lora, dy });
    expect(dA.every((value) => value === 0)).toBe(true);
    expect(dB.every((value) => value !== 0)).toBe(true);
    expect(dx).toEqual(linearBackward({ ...shape, x, weight, dy }).dx);
  });
});
