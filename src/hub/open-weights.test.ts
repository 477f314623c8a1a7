import { describe, expect, it } from "vitest";
import { AppError } from "../core/errors";
import { fromFloat32, toFloat32 } from "../core/host-tensor";
import type { ModelSource } from "./model-source";
import { openWeights } from "./open-weights";
import { writeSafetensors } from "./safetensors";

/** A model folder in memory that notes how many bytes were read. */
function folder(files: Record<string, Uint8Array | string>): ModelSource & { bytesRead: number } {
  const bytesOf = (file: string): Uint8Array => {
    const content = files[file];
    if (content === undefined) throw new AppError("file-missing", `demo/${file} is missing`);
    return typeof content === "string" ? new TextEncoder().encode(content) : content;
  };
  const source = {
    name: "demo",
    bytesRead: 0,
    has: (file: string) => Promise.resolve(file in files),
    text: async (file: string) => new TextDecoder().decode(bytesOf(file)),
    size: async (file: string) => bytesOf(file).length,
    read: async (file: string, begin: number, end: number) => {
      source.bytesRead += end - begin;
      return bytesOf(file).slice(begin, end);
    },
  };
  return source;
}
const shard = (values: Record<string, number[]>): Uint8Array =>
  writeSafetensors(
    new Map(
      Object.entries(values).map(([name, numbers]) => [
        name,
        fromFloat32(new Float32Array(numbers), [numbers.length], "F32"),
      ]),
    ),
  );
const index = (map: Record<string, unknown>): string =>
  JSON.stringify({ metadata: { total_size: 0 }, weight_map: map });

describe("opening weights", () => {
  it("reads a single file's header only, and a tensor when asked", async () => {
    const bytes = shard({ a: [1, 2], b: new Array<number>(1000).fill(3) });
    const source = folder({ "model.safetensors": bytes });
    const weights = await openWeights(source);
    expect(source.bytesRead).toBeLessThan(bytes.length - 4000 + 128);
    expect([...toFloat32(await weights.read("a"))]).toEqual([1, 2]);
    expect(weights.tensors.get("b")!.shape).toEqual([1000]);
  });

  it("joins shards and reads each tensor from its own", async () => {
    const weights = await openWeights(
      folder({
        "model.safetensors.index.json": index({ a: "m-1.safetensors", b: "m-2.safetensors" }),
        "m-1.safetensors": shard({ a: [1] }),
        "m-2.safetensors": shard({ b: [2], unlisted: [9] }),
      }),
    );
    expect([...toFloat32(await weights.read("b"))]).toEqual([2]);
    expect([...weights.tensors.keys()]).toEqual(["a", "b"]);
  });

  it("says which tensor is unknown", async () => {
    const weights = await openWeights(folder({ "model.safetensors": shard({ a: [1] }) }));
    await expect(weights.read("zz")).rejects.toThrow(/demo: there is no tensor named "zz"/);
  });

  const shards = { "m-1.safetensors": shard({ a: [1] }), "m-2.safetensors": shard({ a: [2] }) };
  const faults: [string, Record<string, Uint8Array | string>, RegExp][] = [
    ["an empty folder", {}, /neither model\.safetensors nor/],
    ["a folder of pickles", { "pytorch_model.bin": "x" }, /pickle \(pytorch_model\.bin\)/],
    ["an index that is no JSON", { "model.safetensors.index.json": "{" }, /index\.json: no valid JSON/],
    ["an index without a map", { "model.safetensors.index.json": "{}" }, /weight_map/],
    ["an empty map", { "model.safetensors.index.json": index({}) }, /empty/],
    [
      "a shard outside the folder",
      { "model.safetensors.index.json": index({ a: "../x.safetensors" }) },
      /without folders/,
    ],
    ["a shard of another kind", { "model.safetensors.index.json": index({ a: "x.bin" }) }, /"x\.bin"/],
    [
      "a shard that isn't there",
      { "model.safetensors.index.json": index({ a: "x.safetensors" }) },
      /x\.safetensors is missing/,
    ],
    [
      "a tensor that its shard lacks",
      { ...shards, "model.safetensors.index.json": index({ b: "m-1.safetensors" }) },
      /m-1\.safetensors: tensor "b" is missing/,
    ],
    [
      "a tensor in two shards",
      { ...shards, "model.safetensors.index.json": index({ a: "m-1.safetensors", c: "m-2.safetensors" }) },
      /m-2.*holds tensor "a"/,
    ],
  ];
  it.each(faults)("refuses %s", async (_, files, message) => {
    await expect(openWeights(folder(files))).rejects.toThrow(message);
  });

  it("notices a source that gives too few bytes", async () => {
    const source = folder({ "model.safetensors": shard({ a: [1, 2] }) });
    const weights = await openWeights(source);
    source.read = () => Promise.resolve(new Uint8Array(3));
    await expect(weights.read("a")).rejects.toThrow(/got 3 bytes of tensor "a", need 8/);
  });
});
