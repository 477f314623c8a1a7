import { describe, expect, it } from "vitest";
import { attention, attentionBackward } from "../ops/attention.ref";
import { rmsNorm, rmsNormBackward } from "../ops/rms-norm.ref";
import { gradcheck } from "./gradcheck";
import { documentsOf, normalNumbers } from "./numbers";

const product = {
  inputs: { a: normalNumbers(1, 5), b: normalNumbers(2, 5) },
  forward: ({ a, b }: { a: Float64Array; b: Float64Array }) => ({ y: a.map((value, i) => value * b[i]!) }),
};

describe("gradcheck", () => {
  it("passes a right rule, counts every element and measures a small error", () => {
    const { checked, worst } = gradcheck({
      ...product,
      backward: ({ a, b }, { y }) => ({ a: y.map((dy, i) => dy * b[i]!), b: y.map((dy, i) => dy * a[i]!) }),
    });
    expect(checked).toBe(10);
    expect(worst).toBeLessThan(1e-9);
  });

  it("names the input, the index and both values of a wrong element", () => {
    const inputs = product.inputs;
    const check = (): unknown =>
      gradcheck({
        ...product,
        backward: ({ a, b }, { y }) => ({
          a: y.map((dy, i) => dy * b[i]!),
          b: y.map((dy, i) => dy * a[i]! + (i === 3 ? 1e-5 : 0)),
        }),
      });
    expect(check).toThrow(
      /gradient of "b" is wrong at index 3: backward gives -?[\d.]+, central difference -?[\d.]+/,
    );
    expect(inputs).toEqual({ a: normalNumbers(1, 5), b: normalNumbers(2, 5) }); // left as they were
  });

  it("catches an attention backward that is right for one head and wrong for two", () => {
    const check = (heads: number): unknown => {
      const size = { queryHeads: heads, keyHeads: heads, headSize: 3, scale: 0.5 };
      const { segmentStart } = documentsOf([4]);
      return gradcheck({
        inputs: {
          q: normalNumbers(1, 12 * heads),
          k: normalNumbers(2, 12 * heads),
          v: normalNumbers(3, 12 * heads),
        },
        forward: ({ q, k, v }) => ({ o: attention({ ...size, q, k, v, segmentStart }).o }),
        backward: ({ q, k, v }, { o }) => {
          const right = attentionBackward({ ...size, q, k, v, segmentStart, dO: o });
          // Stores head h where head 0 belongs.
          const dv = right.dv.map((_, i) => right.dv[Math.floor(i / (3 * heads)) * 3 * heads + (i % 3)]!);
          return { q: right.dq, k: right.dk, v: dv };
        },
      });
    };
    expect(() => check(1)).not.toThrow();
    expect(() => check(2)).toThrow('gradient of "v" is wrong at index 3');
  });

  it("catches an RMSNorm backward that forgets its second term", () => {
    const size = { tokens: 2, hidden: 5, epsilon: 1e-5 };
    const check = (): unknown =>
      gradcheck({
        inputs: { x: normalNumbers(1, 10), weight: normalNumbers(2, 5) },
        forward: ({ x, weight }) => ({ y: rmsNorm({ ...size, x, weight }).y }),
        backward: ({ x, weight }, { y: dy }) => {
          const { rstd } = rmsNorm({ ...size, x, weight });
          const { dWeight } = rmsNormBackward({ ...size, x, weight, dy });
          return {
            x: dy.map((value, i) => value * weight[i % 5]! * rstd[Math.floor(i / 5)]!),
            weight: dWeight,
          };
        },
      });
    expect(check).toThrow('gradient of "x" is wrong at index 0');
  });

  it("fails on NaN, on a missing gradient and on one of the wrong length", () => {
    const check = (a: Float64Array | undefined): unknown =>
      gradcheck({
        inputs: { a: normalNumbers(1, 3) },
        forward: ({ a }) => ({ y: a.map((value) => value ** 2) }),
        backward: () => ({ a: a! }),
      });
    expect(() => check(Float64Array.of(NaN, 0, 0))).toThrow('gradient of "a" is wrong at index 0');
    expect(() => check(undefined)).toThrow('no gradient for "a"');
    expect(() => check(new Float64Array(2))).toThrow("has 2 elements, need 3");
  });

  it("refuses a problem in which an input has no influence, unless that is said", () => {
    const problem = {
      inputs: { a: normalNumbers(1, 3), unused: normalNumbers(2, 2) },
      forward: ({ a }: { a: Float64Array }) => ({ y: a.slice() }),
      backward: (_: unknown, { y }: { y: Float64Array }) => ({ a: y, unused: new Float64Array(2) }),
    };
    const check = (vanishing: ("a" | "unused")[]) => (): unknown =>
      gradcheck<"a" | "unused", "y">({ ...problem, vanishing });
    expect(check([])).toThrow('gradient of "unused" is zero everywhere');
    expect(check(["unused"])).not.toThrow();
    expect(check(["unused", "a"])).toThrow("was said to vanish");
  });
});
