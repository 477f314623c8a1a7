import { describe, expect, it } from "vitest";
import { NO_TARGET } from "../core/batch";
import { gradcheck } from "../testing/gradcheck";
import { normalNumbers } from "../testing/numbers";
import { linearCrossEntropy, linearCrossEntropyBackward } from "./cross-entropy.ref";

/** With one hidden unit of value 1, the weights are the logits. */
function ofLogits(logits: readonly number[], target: number) {
  return linearCrossEntropy({
    hidden: 1,
    vocabulary: logits.length,
    x: Float64Array.of(1),
    weight: Float64Array.from(logits),
    targets: Uint32Array.of(target),
    scale: 1,
  });
}

describe("linear cross-entropy reference", () => {
  for (const [targets, hidden, vocabulary] of [
    [[0], 1, 2],
    [[4, NO_TARGET, 0, 12, NO_TARGET, 12, 7], 5, 13],
    [[NO_TARGET, 6, 6], 3, 7],
  ] as const) {
    it(`has the gradients of its forward pass for ${targets.length} rows, ${hidden} × ${vocabulary}`, () => {
      const shape = { hidden, vocabulary, targets: Uint32Array.from(targets), scale: 0.3 };
      gradcheck({
        inputs: {
          x: normalNumbers(1, targets.length * hidden),
          weight: normalNumbers(2, vocabulary * hidden),
        },
        forward: (at) => ({ loss: Float64Array.of(linearCrossEntropy({ ...shape, ...at }).loss) }),
        backward: (at, { loss }) => {
          const { dx, dWeight } = linearCrossEntropyBackward({ ...shape, ...at, dLoss: loss[0]! });
          return { x: dx, weight: dWeight };
        },
      });
    });
  }

  it("is the logarithm of the vocabulary for equal logits", () => {
    expect(ofLogits([2, 2, 2, 2, 2], 3).loss).toBeCloseTo(Math.log(5), 14);
  });

  it("is the negative logarithm of the target's probability", () => {
    const { loss, lse } = ofLogits([Math.log(1), Math.log(2), Math.log(5)], 1);
    expect(loss).toBeCloseTo(Math.log(4), 14);
    expect(lse[0]).toBeCloseTo(Math.log(8), 14);
  });

  it("scales the sum of the rows and leaves the rows unscaled", () => {
    const params = {
      hidden: 2,
      vocabulary: 3,
      x: normalNumbers(1, 6),
      weight: normalNumbers(2, 6),
      targets: Uint32Array.of(0, NO_TARGET, 2),
      scale: 0.25,
    };
    const { loss, rowLoss } = linearCrossEntropy(params);
    expect(rowLoss).toEqual(linearCrossEntropy({ ...params, scale: 1 }).rowLoss);
    expect(rowLoss[1]).toBe(0);
    expect(loss).toBeCloseTo(0.25 * (rowLoss[0]! + rowLoss[2]!), 14);
  });

  it("gives a row without target no gradient, and no part in the others' gradients", () => {
    const params = {
      hidden: 2,
      vocabulary: 3,
      x: normalNumbers(1, 4),
      weight: normalNumbers(2, 6),
      scale: 1,
    };
    const both = linearCrossEntropyBackward({ ...params, targets: Uint32Array.of(NO_TARGET, 1) });
    const alone = linearCrossEntropyBackward({
      ...params,
      x: params.x.slice(2),
      targets: Uint32Array.of(1),
    });
    expect([...both.dx.slice(0, 2)].map(Math.abs)).toEqual([0, 0]);
    expect(both.dx.slice(2)).toEqual(alone.dx);
    expect(both.dWeight).toEqual(alone.dWeight);
  });

  it("counts a row as correct when its target has the largest logit, the lowest id winning ties", () => {
    expect(ofLogits([1, 3, 2], 1).correct[0]).toBe(1);
    expect(ofLogits([1, 3, 2], 2).correct[0]).toBe(0);
    expect(ofLogits([1, 3, 3], 1).correct[0]).toBe(1);
    expect(ofLogits([1, 3, 3], 2).correct[0]).toBe(0);
    expect(ofLogits([1, 3, 3], NO_TARGET).correct[0]).toBe(0);
  });

  it("stays finite for logits far beyond the range of exp", () => {
    expect(ofLogits([5000, -5000], 1).loss).toBe(10000);
    expect(ofLogits([-5000, -5000], 1).loss).toBeCloseTo(Math.log(2), 12);
  });

  it("refuses a target outside the vocabulary", () => {
    expect(() => ofLogits([1, 2], 2)).toThrow("got target 2 in row 0");
  });
});
