import { describe, expect, it } from "vitest";
import { fromFloat32, toFloat32, type HostTensor } from "../core/host-tensor";
import {
  headerEnd,
  layoutSafetensors,
  parseSafetensorsHeader,
  readSafetensors,
  writeSafetensors,
} from "./safetensors";

/** A file with this header text (as is) and so many data bytes. */
function file(header: string, dataBytes = 0, claimed?: bigint): Uint8Array {
  const json = new TextEncoder().encode(header);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const parse = (bytes: Uint8Array): unknown => parseSafetensorsHeader(bytes, bytes.length, "m.safetensors");
const entry = (begin: number, end: number, shape = `[${(end - begin) / 4}]`, dtype = "F32"): string =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

describe("the safetensors writer", () => {
  const tensors = new Map<string, HostTensor>([
    ["b.half", fromFloat32(new Float32Array([1, 2, 3]), [3], "F16")],
    ["a", fromFloat32(new Float32Array([1.5, -2, 0, 4]), [2, 2], "F32")],
    ["scalar", fromFloat32(new Float32Array([7]), [], "F32")],
    ["empty", { dtype: "F32", shape: [0, 4], bytes: new Uint8Array(0) }],
  ]);

  it("is read back tensor for tensor", () => {
    const back = readSafetensors(writeSafetensors(tensors, { format: "pt" }), "x.safetensors");
    expect(new Set(back.tensors.keys())).toEqual(new Set(tensors.keys()));
    for (const [name, tensor] of tensors) {
      expect(back.tensors.get(name)!.shape).toEqual(tensor.shape);
      expect(toFloat32(back.tensors.get(name)!)).toEqual(toFloat32(tensor));
    }
    expect(back.metadata).toEqual(new Map([["format", "pt"]]));
  });

  it("puts wide dtypes first, then sorts by name, and aligns the data to eight bytes", () => {
    const layout = layoutSafetensors(tensors);
    expect(layout.order).toEqual(["a", "empty", "scalar", "b.half"]);
    expect(layout.header.length % 8).toBe(0);
    expect(layout.fileBytes).toBe(layout.header.length + 16 + 4 + 6);
  });

  it("writes the same bytes as the reference library", () => {
    const two = new Map<string, HostTensor>([
      ["w", { dtype: "BF16", shape: [1, 2], bytes: new Uint8Array([128, 63, 0, 64]) }],
      ["v", { dtype: "F32", shape: [1], bytes: new Uint8Array([0, 0, 128, 63]) }],
    ]);
    // safetensors 0.8.0 (Python): safetensors.torch.save({"w": …, "v": …}, {"format": "pt"})
    expect(Buffer.from(writeSafetensors(two, { format: "pt" })).toString("base64")).toBe(REFERENCE_FILE);
  });

  it("keeps integer-like and odd names", () => {
    const odd = new Map(["10", "9", "__proto__", 'naïve "q"'].map((name) => [name, tensors.get("a")!]));
    expect([...readSafetensors(writeSafetensors(odd), "x").tensors.keys()].sort()).toEqual(
      [...odd.keys()].sort(),
    );
  });

  it("writes a file without tensors that can be read", () => {
    expect(readSafetensors(writeSafetensors(new Map()), "x").tensors.size).toBe(0);
  });
});

describe("the safetensors reader", () => {
  it("gives absolute byte ranges", () => {
    const bytes = file(`{"t":${entry(0, 8)}}  `, 8);
    const { tensors } = parseSafetensorsHeader(bytes, bytes.length, "m");
    expect(tensors.get("t")).toEqual({
      dtype: "F32",
      shape: [2],
      begin: bytes.length - 8,
      end: bytes.length,
    });
  });

  it("takes null for no metadata, as MLX writes it", () => {
    expect(parse(file('{"__metadata__":null}'))).toMatchObject({ metadata: new Map(), tensors: new Map() });
  });

  it("needs the header alone, not the whole file", () => {
    const bytes = file(`{"t":${entry(0, 8)}}`, 8);
    const end = headerEnd(bytes.subarray(0, 8), bytes.length, "m");
    expect(parseSafetensorsHeader(bytes.subarray(0, end), bytes.length, "m").tensors.size).toBe(1);
  });

  const faults: [string, Uint8Array, RegExp][] = [
    ["a file of seven bytes", new Uint8Array(7), /m\.safetensors: it has 7 bytes/],
    ["a header above 25 MB", file("{}", 0, 25_000_001n), /claims 25000001 bytes/],
    ["a header length near 2^64", file("{}", 0, 2n ** 64n - 1n), /claims 18446744073709551615 bytes/],
    ["a header that ends after the file", file("{}", 0, 3n), /cut off/],
    ["a header that is no object", file("[]"), /begin with \{/],
    ["white space before the header", file(" {}"), /begin with \{/],
    ["padding that isn't spaces", file("{}\n"), /end with \} and spaces/],
    ["broken JSON", file('{"a":}'), /no valid JSON/],
    [
      "bytes that aren't UTF-8",
      file('{"a\u0080":1}').map((byte) => (byte === 0xc2 ? 0xff : byte)),
      /no valid JSON/,
    ],
    ["a tensor named twice", file(`{"t":${entry(0, 4)},"t":${entry(0, 4)}}`, 4), /key "t" twice/],
    [
      "a tensor named twice by an escape",
      file(`{"t":${entry(0, 4)},"\\u0074":${entry(0, 4)}}`, 4),
      /key "t" twice/,
    ],
    [
      "a field named twice",
      file('{"t":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}', 4),
      /key "dtype" twice/,
    ],
    ["an unknown dtype", file(`{"t":${entry(0, 4, "[1]", "F3")}}`, 4), /tensor "t": unknown dtype "F3"/],
    ["a dtype from the prototype", file(`{"t":${entry(0, 4, "[1]", "constructor")}}`, 4), /unknown dtype/],
    ["a negative extent", file(`{"t":${entry(0, 4, "[-1]")}}`, 4), /shape is \[-1\]/],
    ["a fractional extent", file(`{"t":${entry(0, 4, "[1.5]")}}`, 4), /shape/],
    ["too many dimensions", file(`{"t":${entry(0, 4, "[1,1,1,1,1,1,1,1,1]")}}`, 4), /up to 8/],
    [
      "a size that overflows to the right one",
      file(`{"t":${entry(0, 0, "[4294967296,4294967296,4]")}}`),
      /takes 295147905179352825856 bytes/,
    ],
    ["a size that doesn't match", file(`{"t":${entry(0, 8, "[1]")}}`, 8), /takes 4 bytes, but 8/],
    ["an end before the begin", file(`{"t":${entry(4, 0, "[1]")}}`, 4), /begins at 4, after its end 0/],
    [
      "offsets that are no pair",
      file('{"t":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', 4),
      /data_offsets are \[0\]/,
    ],
    ["an entry that is no object", file('{"t":null}'), /no object/],
    ["overlapping tensors", file(`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12), /"b" overlaps/],
    ["two tensors at one place", file(`{"a":${entry(0, 4)},"b":${entry(0, 4)}}`, 4), /overlaps/],
    ["a hole between tensors", file(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12), /"b" leaves a hole/],
    ["a hole at the start", file(`{"a":${entry(4, 8)}}`, 8), /hole/],
    ["bytes after the last tensor", file(`{"a":${entry(0, 4)}}`, 5), /after the last tensor/],
    ["a file that was cut off", file(`{"a":${entry(0, 8)}}`, 7), /cut off/],
    ["metadata that is no object", file('{"__metadata__":[]}'), /__metadata__ is no object/],
    ["metadata that isn't text", file('{"__metadata__":{"a":1}}'), /"a" is no string/],
    [
      "a Git LFS pointer",
      new TextEncoder().encode("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
      /Git LFS pointer.*git lfs pull/,
    ],
    ["a zipped pickle", new TextEncoder().encode("PK\x03\x04 and so on"), /pickle/],
    ["a bare pickle", new Uint8Array([0x80, 2, 0, 0, 0, 0, 0, 0, 0]), /pickle/],
    ["a GGUF file", new TextEncoder().encode("GGUF\x03\0\0\0\0\0"), /GGUF/],
    ["a saved web page", new TextEncoder().encode("<!DOCTYPE html><html>"), /web page/],
  ];
  it.each(faults)("refuses %s", (_, bytes, message) => {
    expect(() => parse(bytes)).toThrow(message);
    try {
      parse(bytes);
    } catch (error) {
      expect((error as Error).name).toBe("bad-model-file");
    }
  });
});

const REFERENCE_FILE =
  "kAAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJmb3JtYXQiOiJwdCJ9LCJ2Ijp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsxXSwiZGF0YV9vZmZzZXRzIjpbMCw0XX0sInciOnsiZHR5cGUiOiJCRjE2Iiwic2hhcGUiOlsxLDJdLCJkYXRhX29mZnNldHMiOls0LDhdfX0gICAAAIA/gD8AQA==";
