import { describe, expect, it } from "vitest";
import { fromFloat32, toFloat32, type FloatDType, type HostTensor } from "../core/host-tensor";
import { createRandom } from "../core/random";
import type { Weights } from "../hub/open-weights";
import { readSafetensors } from "../hub/safetensors";
import { mergeAdapter, mergeTensor } from "./merged";
import type { AdaptableLayer, PeftAdapter } from "./peft";

const random = createRandom(2);
const matrix = (rows: number, cols: number, dtype: FloatDType = "F32"): HostTensor =>
  fromFloat32(Float32Array.from({ length: rows * cols }, random.normal), [rows, cols], dtype);

function weightsOf(tensors: Map<string, HostTensor>): Weights {
  return {
    name: "demo",
    tensors: new Map(
      [...tensors].map(([name, { dtype, shape, bytes }]) => [
        name,
        { dtype, shape, begin: 0, end: bytes.length, file: "model.safetensors" },
      ]),
    ),
    read: (name) => Promise.resolve(tensors.get(name)!),
    readPart: (name, begin, end) => Promise.resolve(tensors.get(name)!.bytes.slice(begin, end)),
  };
}
const q = "model.layers.0.self_attn.q_proj";
const adapterFor = (path: string, a: HostTensor, b: HostTensor, rsLora = false): PeftAdapter => ({
  config: { rank: 2, alpha: 6, dropout: 0, rsLora, targetModules: ["q_proj"], baseModel: "" },
  tensors: new Map([
    [`base_model.model.${path}.lora_A.weight`, a],
    [`base_model.model.${path}.lora_B.weight`, b],
  ]),
});
async function merged(
  tensors: Map<string, HostTensor>,
  adapter: PeftAdapter,
  layers?: ReadonlyMap<string, AdaptableLayer>,
): Promise<Map<string, HostTensor>> {
  const model = mergeAdapter(weightsOf(tensors), adapter, layers);
  const file = new Uint8Array(model.fileBytes);
  let at = 0;
  for await (const chunk of model.chunks()) {
    file.set(chunk, at);
    at += chunk.length;
  }
  expect(at).toBe(model.fileBytes);
  return readSafetensors(file, "merged").tensors;
}

describe("merging", () => {
  it.each([
    ["alpha / rank", false, 3],
    ["alpha / √rank", true, 6 / Math.SQRT2],
  ] as const)("adds B·A scaled by %s and leaves other tensors' bytes alone", async (_, rsLora, scale) => {
    const base = matrix(3, 4);
    const [a, b, norm] = [matrix(2, 4), matrix(3, 2), matrix(1, 4, "BF16")];
    const result = await merged(
      new Map([
        [`${q}.weight`, base],
        ["norm.weight", norm],
      ]),
      adapterFor(q, a, b, rsLora),
    );
    const [w, down, up, out] = [base, a, b, result.get(`${q}.weight`)!].map(toFloat32) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    for (let o = 0; o < 3; o++) {
      for (let k = 0; k < 4; k++) {
        const sum = w[o * 4 + k]! + scale * (up[o * 2]! * down[k]! + up[o * 2 + 1]! * down[4 + k]!);
        expect(Math.abs(out[o * 4 + k]! - sum)).toBeLessThanOrEqual(Math.abs(sum) * 2 ** -23);
      }
    }
    expect(result.get("norm.weight")!.bytes).toEqual(norm.bytes);
    expect(result.size).toBe(2);
  });

  it.each(["BF16", "F16"] as const)("rounds once to the base's %s", (dtype) => {
    const base = matrix(5, 7, dtype);
    const [a, b] = [matrix(2, 7), matrix(5, 2)];
    const exact = toFloat32(mergeTensor(fromFloat32(toFloat32(base), [5, 7], "F32"), a, b, 0.5));
    expect(mergeTensor(base, a, b, 0.5)).toEqual(fromFloat32(exact, [5, 7], dtype));
  });

  it("changes nothing while B is zero", () => {
    const base = matrix(5, 7, "BF16");
    const zero = fromFloat32(new Float32Array(10), [5, 2], "F32");
    expect(mergeTensor(base, matrix(2, 7), zero, 2).bytes).toEqual(base.bytes);
  });

  it("refuses an adapter of another model before it reads any weight", () => {
    const weights = weightsOf(new Map([[`${q}.weight`, matrix(3, 4)]]));
    expect(() =>
      mergeAdapter(weights, adapterFor("model.layers.9.self_attn.q_proj", matrix(2, 4), matrix(3, 2))),
    ).toThrow(/no layer model\.layers\.9/);
    expect(() => mergeAdapter(weights, adapterFor(q, matrix(2, 5), matrix(3, 2)))).toThrow(
      /update of .* is \[3, 5\], the weight of demo is \[3, 4\]/,
    );
  });

  it("goes into a weight of another name that is stored the other way round", async () => {
    const path = "transformer.h.0.attn.c_proj";
    const [base, a, b] = [matrix(4, 4), matrix(2, 4), matrix(4, 2)];
    const layers = new Map([
      [path, { rows: 4, cols: 4, weight: "h.0.attn.c_proj.weight", transposed: true }],
    ]);
    const tensors = new Map([["h.0.attn.c_proj.weight", base]]);
    const found = (await merged(tensors, adapterFor(path, a, b), layers)).get("h.0.attn.c_proj.weight")!;
    const [was, now, down, up] = [base, found, a, b].map(toFloat32) as [
      Float32Array,
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    for (let k = 0; k < 4; k++) {
      for (let o = 0; o < 4; o++) {
        const update = 3 * (up[2 * o]! * down[k]! + up[2 * o + 1]! * down[4 + k]!);
        expect(now[4 * k + o]! - was[4 * k + o]!, `input ${k}, output ${o}`).toBeCloseTo(update, 5);
      }
    }
    const wide = new Map([["h.0.attn.c_proj.weight", matrix(4, 3)]]);
    expect(() => mergeAdapter(weightsOf(wide), adapterFor(path, a, b), layers)).toThrow(
      /c_proj is \[4, 4\], the weight of demo is \[4, 3\]/,
    );
  });

  it("refuses to merge into quantised weights", () => {
    const weights = weightsOf(
      new Map([[`${q}.weight`, { dtype: "I8", shape: [3, 4], bytes: new Uint8Array(12) }]]),
    );
    expect(() => mergeAdapter(weights, adapterFor(q, matrix(2, 4), matrix(3, 2)))).toThrow(/stored as I8/);
  });
});
