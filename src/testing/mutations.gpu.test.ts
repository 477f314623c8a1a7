// Each deliberate fault of mutations.ts turns a check red. The shader's module is replaced and everything above it is
// loaded anew, so no kernel outlives its fault. Pipelines are shared between kernels of the very same text only:
// compiling them is most of the time that this takes.

import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Gpu } from "../gpu/device";
import type { Kernel } from "../gpu/kernel";
import { compileKernels, type Pipeline } from "../gpu/pipelines";
import type { Check } from "./check";
import { mutations, type Mutation } from "./mutations";
import { testGpu } from "./test-gpu";

const shaderText = (file: string): string =>
  readFileSync(new URL(`../../shaders/${file}`, import.meta.url), "utf8");

const kernelOfText = new Map<string, Kernel>();

/** compileKernels for kernels that were made anew: one pipeline for each text and entry point. */
async function compileTexts(gpu: Gpu, kernels: Iterable<Kernel>): Promise<Map<Kernel, Pipeline>> {
  const pairs = [...new Set(kernels)].map((kernel): [Kernel, Kernel] => {
    const text = `${kernel.entryPoint} of ${kernel.code}`;
    const first = kernelOfText.get(text) ?? kernel;
    kernelOfText.set(text, first);
    return [kernel, first];
  });
  const compiled = await compileKernels(
    gpu,
    pairs.map(([, first]) => first),
  );
  return new Map(pairs.map(([kernel, first]) => [kernel, compiled.get(first)!]));
}

/** The check with the fault in its shader; without a fault, the check as it is. */
async function loadCheck({ file, find, replace, caughtBy }: Mutation, faulty: boolean): Promise<Check> {
  vi.resetModules();
  vi.doMock("../gpu/pipelines", () => ({ compileKernels: compileTexts }));
  if (faulty) {
    const text = shaderText(file).replace(find, () => replace);
    vi.doMock(`../../shaders/${file}?raw`, () => ({ default: text }));
  }
  const { checks } = await import("./checks");
  const check = checks.find(({ name }) => name.startsWith(caughtBy));
  if (!check) throw new Error(`no check is named "${caughtBy}…"`);
  return check;
}

/** What the check has to say against the shader; empty when it is green. A shader that does not compile throws. */
async function objections(gpu: Gpu, check: Check): Promise<string[]> {
  try {
    const measured = await check.run(gpu);
    return measured
      .filter(({ error, limit }) => !(error <= limit))
      .map(
        ({ what, error, limit }) => `${what}: ${error.toExponential(1)}, at most ${limit.toExponential(1)}`,
      );
  } catch (error) {
    // runTape's own findings; what WebGPU says of a broken shader is no finding of a check.
    if (error instanceof Error && error.name === "Error") return [error.message];
    throw error;
  }
}

describe("a deliberate fault", () => {
  afterEach(() => {
    vi.doUnmock("../gpu/pipelines");
    for (const { file } of mutations) vi.doUnmock(`../../shaders/${file}?raw`);
  });

  it.for(mutations)("turns a check red: $name", async (mutation, { annotate }) => {
    const { file, find } = mutation;
    expect(shaderText(file).split(find), `"${find}" stands once in ${file}`).toHaveLength(2);
    const check = await loadCheck(mutation, true);
    const found = await objections(await testGpu(), check);
    expect(found, `${check.name} must go red`).not.toEqual([]);
    await annotate(`${check.name}: ${found.join("; ")}`, "caught");
  });

  it("is what turns them red: without faults every one of these checks is green", async () => {
    const gpu = await testGpu();
    const names = new Map(mutations.map((mutation) => [mutation.caughtBy, mutation]));
    for (const mutation of names.values()) {
      const check = await loadCheck(mutation, false);
      expect(await objections(gpu, check), check.name).toEqual([]);
    }
  });
});
