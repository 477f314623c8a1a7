import { strToU8, zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { unzipAdapter, zipAdapter } from "./adapter-zip";

const config = strToU8('{"peft_type": "LORA"}');
const weights = Uint8Array.from({ length: 5000 }, (_, i) => (i * i) % 251);
const files = new Map([
  ["adapter_config.json", config],
  ["adapter_model.safetensors", weights],
  ["README.md", strToU8("# card")],
]);
const folder = { "adapter_config.json": config, "adapter_model.safetensors": weights };

describe("an adapter's zip", () => {
  it("gives back every byte of every file", () => {
    expect(unzipAdapter(zipAdapter(files), "a.zip")).toEqual(files);
  });

  it("is the same for the same adapter", () => {
    expect(zipAdapter(files)).toEqual(zipAdapter(files));
  });

  it.each([0, 9] as const)("is read when packed at level %i, in a folder, beside other files", (level) => {
    const zip = zipSync(
      { mine: folder, "notes.txt": strToU8("x"), "__MACOSX/mine/._adapter_config.json": strToU8("junk") },
      { level },
    );
    const read = unzipAdapter(zip, "a.zip");
    expect([...read.keys()].sort()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
    expect(read.get("adapter_model.safetensors")).toEqual(weights);
  });

  it("is refused when it is none", () => {
    expect(() => unzipAdapter(strToU8("hello"), "a.zip")).toThrow("a.zip: this is no zip file");
  });

  it("is refused when it is cut off", () => {
    const zip = zipAdapter(files);
    expect(() => unzipAdapter(zip.subarray(0, zip.length / 2), "a.zip")).toThrow("a.zip: the zip is damaged");
  });

  it.each([
    "../adapter_config.json",
    "a/../../adapter_config.json",
    "/adapter_config.json",
    "..\\x.json",
    "C:/x",
  ])("is refused when it holds %s", (name) => {
    expect(() => unzipAdapter(zipSync({ [name]: config }), "a.zip")).toThrow("outside its folder");
  });

  it("is refused when it holds two adapters", () => {
    expect(() => unzipAdapter(zipSync({ a: folder, b: folder }), "a.zip")).toThrow("several adapters");
  });

  it("is refused when it would grow without measure, before it is unpacked", () => {
    const zip = zipSync({ "adapter_model.safetensors": new Uint8Array(2 ** 25) }, { level: 9 });
    expect(zip.length).toBeLessThan(2 ** 17);
    expect(() => unzipAdapter(zip, "a.zip")).toThrow(/would grow \d+-fold/);
  });

  it("is refused when it claims more than any adapter has", () => {
    const zip = zipAdapter(new Map([["adapter_model.safetensors", weights]]));
    const directory = zip.length - 22 - 46 - "adapter_model.safetensors".length;
    new DataView(zip.buffer).setUint32(directory + 24, 2 ** 31, true);
    expect(() => unzipAdapter(zip, "a.zip")).toThrow("more than 1 GiB");
  });
});
