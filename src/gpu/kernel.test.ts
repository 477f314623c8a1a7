import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { kernel, type Kernel } from "./kernel";

const source = `
// A comment may speak of spare and of dims.spare without binding anything.
const SIZE: u32 = 8;
const DEPTH: u32 = 4;

struct Dims { rows: u32, x: i32, scale: f32 } // rows, x and scale

@group(0) @binding(0) var<uniform> dims: Dims;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> spare: array<f32>;

fn deep(i: u32) -> f32 { return x[i]; }
fn through(i: u32) -> f32 { if (i > SIZE) { return 0.0; } return deep(i); }

@compute @workgroup_size(SIZE)
fn indirect(@builtin(local_invocation_index) lane: u32) { y[lane] = through(lane) * dims.scale; }

@compute @workgroup_size(SIZE)
fn members(@builtin(local_invocation_id) local: vec3u) { if (local.x < dims.rows) { spare[local.x] = f32(local.y); } }

@compute @workgroup_size(SIZE)
fn bare(@builtin(local_invocation_index) lane: u32) { spare[lane] = 1.0; }
`;

let fresh = 0;
/** A kernel of its own: kernels are kept by file name. */
function kernelOf(text: string, entry: string, constants?: Record<string, number>): Kernel {
  return kernel({ [`test-${fresh++}.wgsl`]: text }, entry, constants);
}

describe("kernel", () => {
  it("finds the bindings that an entry point reaches through the functions it calls", () => {
    expect(kernelOf(source, "indirect").bindings).toEqual([
      { name: "x", index: 1, access: "read" },
      { name: "y", index: 3, access: "write" },
    ]);
  });

  it("takes members such as local.x and dims.rows for no binding of that name", () => {
    expect(kernelOf(source, "members").bindings).toEqual([{ name: "spare", index: 3, access: "write" }]);
  });

  it("reads the uniform's fields with their types, in order", () => {
    expect(kernelOf(source, "indirect").dims).toEqual([
      { name: "rows", type: "u32" },
      { name: "x", type: "i32" },
      { name: "scale", type: "f32" },
    ]);
  });

  it("has no uniform where the entry point reads none", () => {
    expect(kernelOf(source, "bare").dims).toEqual([]);
  });

  it("bakes each constant in once and leaves the others", () => {
    const { code } = kernelOf(source, "bare", { SIZE: 64 });
    expect(code.match(/const SIZE: u32 = 64;/g)).toHaveLength(1);
    expect(code).not.toContain("SIZE: u32 = 8;");
    expect(code).toContain("const DEPTH: u32 = 4;");
  });

  it("throws for a constant that the shader does not have, or has twice", () => {
    expect(() => kernelOf(source, "bare", { WIDTH: 4 })).toThrow(/exactly one "const WIDTH: u32 = …;"/);
    expect(() => kernelOf(`${source}\nconst SIZE: u32 = 9;`, "bare", { SIZE: 4 })).toThrow(/exactly one/);
  });

  it("throws for an entry point that the shader does not have", () => {
    expect(() => kernelOf(source, "backward")).toThrow(/no function backward/);
  });

  it("throws when an entry point binds more than eight storage buffers", () => {
    const names = Array.from({ length: 9 }, (_, i) => `b${i}`);
    const declared = names.map(
      (name, i) => `@group(0) @binding(${i + 1}) var<storage, read_write> ${name}: array<f32>;`,
    );
    const text = `${declared.join("\n")}\nfn main() { ${names.map((name) => `${name}[0] = 1.0;`).join(" ")} }`;
    expect(() => kernelOf(text, "main")).toThrow(/got 9 storage buffers, need at most 8/);
  });

  it("gives the same object for the same file, entry point and constants, and another one otherwise", () => {
    const file = { "same.wgsl": source };
    expect(kernel(file, "bare", { SIZE: 16 })).toBe(kernel(file, "bare", { SIZE: 16 }));
    expect(kernel(file, "bare", { SIZE: 32 })).not.toBe(kernel(file, "bare", { SIZE: 16 }));
    expect(kernel(file, "members", { SIZE: 16 })).not.toBe(kernel(file, "bare", { SIZE: 16 }));
  });

  it("appends snippets in the order given", () => {
    const { code } = kernel({ "first.wgsl": "fn one() {}", "second.wgsl": "fn two() {}" }, "two");
    expect(code.indexOf("one")).toBeLessThan(code.indexOf("two"));
  });
});

describe("shaders", () => {
  const folder = new URL("../../shaders/", import.meta.url);
  const files = readdirSync(folder).filter((name) => name.endsWith(".wgsl"));
  const entries = files.flatMap((file) => {
    const text = readFileSync(new URL(file, folder), "utf8");
    return [...text.matchAll(/@compute[^{]*?\bfn\s+(\w+)\s*\(/g)].map(([, entry]) => ({
      file,
      entry: entry!,
      text,
    }));
  });

  it("have entry points", () => expect(entries.length).toBeGreaterThan(20));

  // A name used but not declared is no storage buffer to kernel(), and the launch then lacks it.
  it.each(entries)("$file $entry binds no index twice and writes something", ({ file, entry, text }) => {
    const { bindings } = kernel({ [`declared ${file}`]: text }, entry);
    const indices = bindings.map(({ index }) => index);
    expect(new Set(indices).size).toBe(indices.length);
    expect(bindings.some(({ access }) => access === "write")).toBe(true);
  });
});
