import { describe, expect, it } from "vitest";
import { ropeFrequencies, ropeTables } from "../model/rope-frequencies";
import { gradcheck } from "../testing/gradcheck";
import { documentsOf, normalNumbers } from "../testing/numbers";
import { rope, ropeBackward } from "./rope.ref";

function shapeOf(documents: readonly number[], heads: number, headSize: number) {
  const frequencies = ropeFrequencies({ theta: 100, headSize });
  const { positions } = documentsOf(documents);
  return { heads, headSize, positions, ...ropeTables({ frequencies, positions: 8 }) };
}

describe("RoPE reference", () => {
  it("turns element i towards element i + D/2", () => {
    const quarter = { cos: Float64Array.of(0, 1), sin: Float64Array.of(1, 0) };
    const { y } = rope({
      x: Float64Array.of(1, 2, 3, 4),
      positions: Uint32Array.of(0),
      heads: 1,
      headSize: 4,
      ...quarter,
    });
    expect([...y]).toEqual([-3, 2, 1, 4]);
  });

  it("pairs neighbours where it is interleaved, and leaves what is not rotated", () => {
    const turn = { cos: Float64Array.of(0), sin: Float64Array.of(1), positions: Uint32Array.of(0) };
    const x = Float64Array.of(1, 2, 3, 4, 5, 6);
    const shape = { ...turn, heads: 1, headSize: 6, rotated: 2, x };
    expect([...rope(shape).y]).toEqual([-2, 1, 3, 4, 5, 6]);
    const two = { ...shape, rotated: 4, cos: Float64Array.of(0, 1), sin: Float64Array.of(1, 0) };
    expect([...rope(two).y]).toEqual([-3, 2, 1, 4, 5, 6]);
    expect([...rope({ ...two, interleaved: true }).y]).toEqual([-2, 1, 3, 4, 5, 6]);
  });

  for (const interleaved of [false, true]) {
    it(`has the gradient of its forward pass for a part of each head${interleaved ? ", interleaved" : ""}`, () => {
      const { positions, cos, sin } = shapeOf([3, 4], 2, 4);
      const shape = { heads: 2, headSize: 10, rotated: 4, interleaved, positions, cos, sin };
      gradcheck({
        inputs: { x: normalNumbers(1, 7 * 20) },
        forward: ({ x }) => rope({ ...shape, x }),
        backward: (_, { y: dy }) => ({ x: ropeBackward({ ...shape, dy }).dx }),
      });
    });
  }

  for (const [documents, heads, headSize] of [
    [[1], 1, 2],
    [[3, 4], 3, 6],
    [[7], 2, 10],
  ] as const) {
    it(`has the gradient of its forward pass for documents ${documents.join("+")}, ${heads} × ${headSize}`, () => {
      const shape = shapeOf(documents, heads, headSize);
      gradcheck({
        inputs: { x: normalNumbers(1, shape.positions.length * heads * headSize) },
        forward: ({ x }) => rope({ ...shape, x }),
        backward: (_, { y: dy }) => ({ x: ropeBackward({ ...shape, dy }).dx }),
      });
    });
  }

  it("is undone by its backward rotation", () => {
    const shape = shapeOf([3, 4], 3, 6);
    const x = normalNumbers(1, 7 * 18);
    const { dx: back } = ropeBackward({ ...shape, dy: rope({ ...shape, x }).y });
    back.forEach((value, i) => expect(value).toBeCloseTo(x[i]!, 14));
  });

  it("makes the product of two rotated vectors depend on their distance alone", () => {
    const shape = shapeOf([8], 1, 6);
    const one = normalNumbers(1, 6);
    const other = normalNumbers(2, 6);
    const everywhere = (vector: Float64Array): Float64Array =>
      rope({ ...shape, x: Float64Array.from({ length: 48 }, (_, i) => vector[i % 6]!) }).y;
    const [q, k] = [everywhere(one), everywhere(other)];
    const product = (i: number, j: number): number =>
      q.subarray(i * 6, i * 6 + 6).reduce((sum, value, d) => sum + value * k[j * 6 + d]!, 0);
    expect(product(7, 4)).toBeCloseTo(product(3, 0), 12);
    expect(product(7, 4)).not.toBeCloseTo(product(4, 7), 2);
  });

  it("refuses a position beyond the tables", () => {
    const shape = { ...shapeOf([1], 1, 2), positions: Uint32Array.of(8) };
    expect(() => rope({ ...shape, x: new Float64Array(2) })).toThrow("got position 8, need one below 8");
  });
});
