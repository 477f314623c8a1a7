import { describe, expect, it } from "vitest";
import { adamw, clipCoefficient, clippedAdamw, gradientNorm, type AdamwState } from "./adamw.ref";

const settings = { learningRate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1 };

function corrections(step: number) {
  return {
    biasCorrection1: 1 - settings.beta1 ** step,
    biasCorrection2: 1 - settings.beta2 ** step,
  };
}

function fresh(parameters: readonly number[]): AdamwState {
  const zeros = new Float64Array(parameters.length);
  return { parameters: Float64Array.from(parameters), firstMoment: zeros, secondMoment: zeros };
}

describe("gradient norm", () => {
  it("is the root of the sum of squares", () => {
    expect(gradientNorm(Float64Array.of(3, 0, -4))).toEqual({ norm: 5, finite: true });
  });

  it("reports one NaN or infinity among finite elements", () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      expect(gradientNorm(Float64Array.of(1, bad, 2)).finite).toBe(false);
    }
  });
});

describe("clip coefficient", () => {
  it("leaves a gradient inside the limit alone", () => {
    expect(clipCoefficient({ norm: 0.5, maxNorm: 1 })).toBe(1);
    expect(clipCoefficient({ norm: 0, maxNorm: 1 })).toBe(1);
  });

  it("divides by the norm plus 1e-6", () => {
    expect(clipCoefficient({ norm: 4, maxNorm: 1 })).toBe(1 / 4.000001);
    expect(clipCoefficient({ norm: 1, maxNorm: 1 })).toBe(1 / 1.000001);
  });

  it("is off at maxNorm 0", () => {
    expect(clipCoefficient({ norm: 1e9, maxNorm: 0 })).toBe(1);
  });
});

describe("AdamW reference", () => {
  it("follows torch.optim.AdamW with clip_grad_norm_ over three steps in float64", () => {
    // torch 2.13, float64, foreach off, clip_grad_norm_ at 1.0.
    const steps = [
      {
        gradient: [0.3, -0.4, 1.2],
        norm: 1.3,
        parameters: [0.48950000043333364, -1.2387500003250003, 1.9880000001083333],
      },
      {
        gradient: [-2.0, 0.1, 0.0],
        norm: 2.0024984394500787,
        parameters: [0.49474163475371014, -1.2320783130162478, 1.9792961987384816],
      },
      {
        gradient: [0.05, 0.02, -0.7],
        norm: 0.702068372738724,
        parameters: [0.4983703662535361, -1.227057040078674, 1.9770534315531536],
      },
    ];
    let state = fresh([0.5, -1.25, 2]);
    steps.forEach(({ gradient, norm, parameters }, done) => {
      const result = clippedAdamw({
        ...state,
        ...settings,
        ...corrections(done + 1),
        gradient: Float64Array.from(gradient),
        maxNorm: 1,
      });
      expect(result.finite).toBe(true);
      expect(result.norm).toBeCloseTo(norm, 14);
      expectClose(result.parameters, parameters);
      state = result;
    });
    expectClose(state.firstMoment, [-0.06619537229762733, -0.018428674470931647, 0.004769173254482116]);
    expectClose(state.secondMoment, [0.010422247800283035, 0.0009565921525430683, 0.013251135081089027]);
  });

  it("only decays where gradient and moments are zero", () => {
    const result = adamw({ ...fresh([2]), ...settings, ...corrections(1), gradient: Float64Array.of(0) });
    expect(result.parameters[0]).toBe(2 * (1 - 0.001));
  });

  it("changes nothing when the gradient is not finite", () => {
    const state = fresh([1, 2]);
    const result = clippedAdamw({
      ...state,
      ...settings,
      ...corrections(1),
      gradient: Float64Array.of(1, NaN),
      maxNorm: 1,
    });
    expect(result.finite).toBe(false);
    expect(result).toMatchObject({ ...state });
  });

  it("leaves the arrays that it was given as they were", () => {
    const state = fresh([1, 2]);
    adamw({ ...state, ...settings, ...corrections(1), gradient: Float64Array.of(1, 1) });
    expect(state).toEqual(fresh([1, 2]));
  });
});

/** Equal to a few units in the last place of float64. */
function expectClose(actual: Float64Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  actual.forEach((value, i) =>
    expect(Math.abs(value / expected[i]! - 1), `element ${i}: ${value}, need ${expected[i]}`).toBeLessThan(
      1e-14,
    ),
  );
}
