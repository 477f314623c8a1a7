import { describe, expect, it } from "vitest";
import { gradcheck } from "../testing/gradcheck";
import { normalNumbers } from "../testing/numbers";
import { gatedMlp, gatedMlpBackward } from "./gated-mlp.ref";

describe("gated MLP reference", () => {
  it("multiplies up by gate times its sigmoid", () => {
    // σ(ln 3) = 3/4
    const gate = Float64Array.of(Math.log(3), -Math.log(3), 0);
    const { h } = gatedMlp({ gate, up: Float64Array.of(2, 2, 5) });
    expect([...h]).toEqual([
      expect.closeTo(1.5 * Math.log(3), 14),
      expect.closeTo(-0.5 * Math.log(3), 14),
      0,
    ]);
  });

  for (const [count, spread] of [
    [1, 1],
    [35, 1],
    [21, 10],
  ] as const) {
    it(`has the gradients of its forward pass for ${count} elements of spread ${spread}`, () => {
      gradcheck({
        inputs: { gate: normalNumbers(1, count, spread), up: normalNumbers(2, count) },
        forward: ({ gate, up }) => gatedMlp({ gate, up }),
        backward: ({ gate, up }, { h: dh }) => {
          const { dGate, dUp } = gatedMlpBackward({ gate, up, dh });
          return { gate: dGate, up: dUp };
        },
      });
    });
  }

  it("has the gradients of its forward pass with gelu", () => {
    const kind = "gelu-tanh" as const;
    gradcheck({
      inputs: { gate: normalNumbers(1, 21, 2), up: normalNumbers(2, 21) },
      forward: ({ gate, up }) => gatedMlp({ gate, up, kind }),
      backward: ({ gate, up }, { h: dh }) => {
        const { dGate, dUp } = gatedMlpBackward({ gate, up, kind, dh });
        return { gate: dGate, up: dUp };
      },
    });
  });

  it("stays finite where e^−g overflows", () => {
    const gate = Float64Array.of(-1000, 1000);
    const up = Float64Array.of(3, 3);
    const { dGate, dUp } = gatedMlpBackward({ gate, up, dh: Float64Array.of(1, 1) });
    expect([...gatedMlp({ gate, up }).h].map(Math.abs)).toEqual([0, 3000]);
    expect([...dGate].map(Math.abs)).toEqual([0, 3]);
    expect([...dUp].map(Math.abs)).toEqual([0, 1000]);
  });
});
