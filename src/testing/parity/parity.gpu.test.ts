// Whole models against transformers + peft. `npm run -s parity` prints the same figures.

import { describe, expect, it } from "vitest";
import { testGpu } from "../test-gpu";
import { goldenFolders } from "./golden-folders";
import { caseParity, curveParity } from "./llama-parity";
import { expectWithinLimits } from "./within-limits.fixture";

const folders = goldenFolders("llama");

describe("a llama model", () => {
  it("has at least eight golden configurations", () => {
    expect(folders.length).toBeGreaterThanOrEqual(8);
  });

  it.each(folders)("$name gives the logits, losses and gradients of transformers + peft", async (source) => {
    expectWithinLimits(await caseParity(await testGpu(), source));
  });

  it("gives the same gradients with the kernel variants for GPUs", async () => {
    const grouped = folders.find(({ name }) => name === "llama-grouped")!;
    expectWithinLimits(await caseParity(await testGpu(), grouped, "gpu"));
  });

  it.each(folders)("$name trains along peft's curve and resumes to the bit", async (source) => {
    expectWithinLimits(await curveParity(await testGpu(), source));
  });
});
