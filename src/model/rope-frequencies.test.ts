import { describe, expect, it } from "vitest";
import { ropeFrequencies, ropeTables, type RopeScaling } from "./rope-frequencies";

const llama3: RopeScaling = {
  type: "llama3",
  factor: 8,
  lowFrequencyFactor: 1,
  highFrequencyFactor: 4,
  originalPositions: 64,
};

describe("rope frequencies", () => {
  it("fall from 1 by equal factors down to theta^(−(D−2)/D)", () => {
    const frequencies = ropeFrequencies({ theta: 10000, headSize: 8 });
    expect([...frequencies]).toEqual([1, 0.1, 0.01, 0.001].map((value) => expect.closeTo(value, 15)));
  });

  it("keep short waves, stretch long ones and blend between them under llama3 scaling", () => {
    const plain = ropeFrequencies({ theta: 10000, headSize: 16 });
    const scaled = ropeFrequencies({ theta: 10000, headSize: 16, scaling: llama3 });
    // Wavelengths 6.3, 19.9, 62.8, 198.7, …; below 16 kept, above 64 stretched.
    expect(scaled[0]).toBe(plain[0]);
    for (let i = 3; i < 8; i++) expect(scaled[i]).toBe(plain[i]! / 8);
    for (const i of [1, 2]) {
      const turns = (64 * plain[i]!) / (2 * Math.PI);
      const share = (turns - 1) / 3;
      expect(scaled[i]).toBeCloseTo(plain[i]! * (share + (1 - share) / 8), 14);
    }
  });

  it("meet at the borders of the llama3 blend", () => {
    // theta chosen so that the second frequency has a wavelength just inside and just outside 16 and 64.
    for (const border of [16, 64]) {
      const [inside, outside] = [1 - 1e-9, 1 + 1e-9].map((nudge) => {
        const frequency = (2 * Math.PI) / (border * nudge);
        return ropeFrequencies({ theta: frequency ** -2, headSize: 4, scaling: llama3 })[1]!;
      });
      expect(inside! / outside!).toBeCloseTo(1, 7);
    }
  });

  it("repeat in float32 precision the bits that transformers computes", () => {
    // transformers 5.18, torch 2.13, LlamaRotaryEmbedding.inv_freq.
    expect([
      ...ropeFrequencies({ theta: 10000, headSize: 16, scaling: llama3, precision: "float32" }),
    ]).toEqual([
      1, 0.24438458681106567, 0.013042256236076355, 0.0039528473280370235, 0.0012499999720603228,
      0.00039528473280370235, 0.0001250000059371814, 3.9528473280370235e-5,
    ]);
    const wider = ropeFrequencies({ theta: 10000, headSize: 48, scaling: llama3, precision: "float32" });
    expect([wider[4], wider[5]]).toEqual([0.10198933631181717, 0.03954261541366577]);
    expect([...ropeFrequencies({ theta: 500000, headSize: 8, precision: "float32" })]).toEqual([
      1, 0.03760603070259094, 0.001414213445968926, 5.3182957344688475e-5,
    ]);
  });

  it("refuse an odd head size, a bad theta and bands that do not order", () => {
    expect(() => ropeFrequencies({ theta: 10000, headSize: 5 })).toThrow("got head size 5");
    expect(() => ropeFrequencies({ theta: 0, headSize: 4 })).toThrow("got rope theta 0");
    const scaling = { ...llama3, highFrequencyFactor: 1 };
    expect(() => ropeFrequencies({ theta: 10000, headSize: 4, scaling })).toThrow("0 < low < high");
  });
});

describe("rope tables", () => {
  it("hold cosine and sine of position times frequency, a row for each position", () => {
    const { cos, sin } = ropeTables({ frequencies: Float64Array.of(1, 0.5), positions: 3 });
    expect([...cos]).toEqual([1, 1, Math.cos(1), Math.cos(0.5), Math.cos(2), Math.cos(1)]);
    expect([...sin]).toEqual([0, 0, Math.sin(1), Math.sin(0.5), Math.sin(2), Math.sin(1)]);
  });

  it("agree in float32 precision with transformers at a far position", () => {
    const frequencies = ropeFrequencies({
      theta: 10000,
      headSize: 16,
      scaling: llama3,
      precision: "float32",
    });
    const { cos, sin } = ropeTables({ frequencies, positions: 1001, precision: "float32" });
    const expected = {
      cos: [
        0.5623790621757507, 0.7902101874351501, 0.8888872861862183, -0.6885892152786255, 0.3153223693370819,
        0.9228869676589966, 0.9921976923942566, 0.9992188215255737,
      ],
      sin: [
        0.8268795609474182, -0.6128359436988831, 0.4581259489059448, -0.7251516580581665, 0.9489846229553223,
        0.3850709795951843, 0.1246747300028801, 0.03951818123459816,
      ],
    };
    // One float32 unit below 1: torch's cosine need not be correctly rounded.
    for (let i = 0; i < 8; i++) {
      expect(Math.abs(cos[8000 + i]! - expected.cos[i]!)).toBeLessThan(2 ** -23);
      expect(Math.abs(sin[8000 + i]! - expected.sin[i]!)).toBeLessThan(2 ** -23);
    }
  });
});
