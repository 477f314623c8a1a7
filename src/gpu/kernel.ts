// From a WGSL file to a typed kernel. A .wgsl file declares its bindings, its `Dims` and its constants once; this
// module reads those declarations, so that the TypeScript side only names them and a wrong name fails at once.
// What it does: concatenates snippets, bakes constants, finds which bindings an entry point reaches. No GPU needed.

import { assert } from "../core/errors";

export interface Binding {
  readonly name: string;
  readonly index: number;
  /** From the shader: `read` for var<storage, read>, `write` for var<storage, read_write>. */
  readonly access: "read" | "write";
}

export interface DimsField {
  readonly name: string;
  readonly type: "u32" | "i32" | "f32";
}

/** One entry point of one shader with its constants baked in. Pure data; a device compiles it once. */
export interface Kernel {
  /** Unique: file, entry point and baked constants. */
  readonly label: string;
  readonly code: string;
  readonly entryPoint: string;
  readonly bindings: readonly Binding[];
  /** Fields of the uniform at binding 0, in order, four bytes each. Empty when the entry point has none. */
  readonly dims: readonly DimsField[];
}

const kernels = new Map<string, Kernel>();

/**
 * The kernel `entryPoint` of a shader made of `sources` (file name → text, concatenated in order) with the
 * constants in `constants` replaced by name. The same arguments give the same object.
 */
export function kernel(
  sources: Readonly<Record<string, string>>,
  entryPoint: string,
  constants: Readonly<Record<string, number>> = {},
): Kernel {
  const baked = Object.entries(constants).map(([name, value]) => `${name}=${value}`);
  const label = [...Object.keys(sources), entryPoint, ...baked].join(" ");
  const known = kernels.get(label);
  if (known) return known;

  let code = Object.values(sources).join("\n");
  for (const [name, value] of Object.entries(constants)) code = bakeConstant(code, name, value, label);
  const plain = code.replace(/\/\/.*$/gm, "");
  const reachable = reachableText(plain, entryPoint, label);
  const bindings = [...plain.matchAll(bindingPattern)]
    .map(([, index, access, name]) => ({
      name: name!,
      index: Number(index),
      access: access === "read" ? ("read" as const) : ("write" as const),
    }))
    .filter(({ name }) => mentions(reachable, name));
  const storage = bindings.length;
  assert(storage <= 8, `kernel ${label}: got ${storage} storage buffers, need at most 8`);
  const result: Kernel = {
    label,
    code,
    entryPoint,
    bindings,
    dims: mentions(reachable, "dims") ? dimsFields(plain, label) : [],
  };
  kernels.set(label, result);
  return result;
}

const bindingPattern = /@group\(0\)\s*@binding\((\d+)\)\s*var<storage,\s*(read|read_write)>\s*(\w+)\s*:/g;

function bakeConstant(code: string, name: string, value: number, label: string): string {
  const pattern = new RegExp(`const ${name}: u32 = \\d+;`, "g");
  assert(code.match(pattern)?.length === 1, `kernel ${label}: need exactly one "const ${name}: u32 = …;"`);
  return code.replace(pattern, `const ${name}: u32 = ${value};`);
}

function dimsFields(plain: string, label: string): DimsField[] {
  const body = /struct Dims\s*\{([^}]*)\}/.exec(plain)?.[1];
  assert(body !== undefined, `kernel ${label}: need a struct Dims`);
  return [...body.matchAll(/(\w+)\s*:\s*(u32|i32|f32)/g)].map(([, name, type]) => ({
    name: name!,
    type: type as DimsField["type"],
  }));
}

/** Bodies of the entry point and of every function it calls, directly or not. */
function reachableText(plain: string, entryPoint: string, label: string): string {
  const bodies = new Map<string, string>();
  for (const match of plain.matchAll(/\bfn\s+(\w+)\s*\(/g)) {
    bodies.set(match[1]!, bracedBlock(plain, plain.indexOf("{", match.index)));
  }
  assert(bodies.has(entryPoint), `kernel ${label}: no function ${entryPoint}`);
  const reached = new Set<string>([entryPoint]);
  for (const name of reached) {
    for (const other of bodies.keys()) if (mentions(bodies.get(name)!, other)) reached.add(other);
  }
  return [...reached].map((name) => bodies.get(name)!).join("\n");
}

function bracedBlock(text: string, open: number): string {
  let depth = 0;
  for (let i = open; i < text.length; i++) {
    if (text[i] === "{") depth++;
    if (text[i] === "}" && --depth === 0) return text.slice(open, i + 1);
  }
  return text.slice(open);
}

/** Whether the identifier stands in `text`, other than as a member (`dims.rows`). */
function mentions(text: string, name: string): boolean {
  return new RegExp(`(?<![.\\w])${name}\\b`).test(text);
}
