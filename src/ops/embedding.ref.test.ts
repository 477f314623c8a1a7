import { describe, expect, it } from "vitest";
import { gradcheck } from "../testing/gradcheck";
import { normalNumbers } from "../testing/numbers";
import { embedding, embeddingBackward } from "./embedding.ref";

describe("embedding reference", () => {
  it("copies the row of each token", () => {
    const weight = Float64Array.of(1, 2, 3, 4, 5, 6);
    const { y } = embedding({ weight, ids: Uint32Array.of(2, 0, 2), vocabulary: 3, hidden: 2 });
    expect([...y]).toEqual([5, 6, 1, 2, 5, 6]);
  });

  it("has the gradient of its forward pass, tokens that come several times included", () => {
    const shape = { ids: Uint32Array.of(4, 1, 4, 4, 0, 6, 1), vocabulary: 7, hidden: 3 };
    gradcheck({
      inputs: { weight: normalNumbers(1, 21) },
      forward: ({ weight }) => embedding({ ...shape, weight }),
      backward: (_, { y: dy }) => ({ weight: embeddingBackward({ ...shape, dy }).dWeight }),
    });
  });

  it("refuses a token outside the vocabulary, in both directions", () => {
    const shape = { ids: Uint32Array.of(3), vocabulary: 3, hidden: 1 };
    expect(() => embedding({ ...shape, weight: new Float64Array(3) })).toThrow("need one below 3");
    expect(() => embeddingBackward({ ...shape, dy: new Float64Array(1) })).toThrow("need one below 3");
  });
});
