// Whole models of every family against transformers + peft. `npm run -s parity` prints the same figures.

import { describe, expect, it } from "vitest";
import { families } from "../../model/families";
import { testGpu } from "../test-gpu";
import { goldenFolders } from "./golden-folders";
import { caseParity, curveParity, greedyParity } from "./model-parity";
import { expectWithinLimits } from "./within-limits.fixture";

/** Configurations that each family has at least. */
const fewest = (family: string): number => (family === "llama" ? 8 : 3);

describe.each(Object.keys(families))("a %s model", (family) => {
  const folders = goldenFolders(family);

  it("has enough golden configurations", () => {
    expect(folders.length).toBeGreaterThanOrEqual(fewest(family));
  });

  it.each(folders)("$name gives the logits, losses and gradients of transformers + peft", async (source) => {
    expectWithinLimits(await caseParity(await testGpu(), source));
  });

  it.each(folders)("$name trains along peft's curve and resumes to the bit", async (source) => {
    expectWithinLimits(await curveParity(await testGpu(), source));
  });

  it.runIf(family !== "llama").each(folders)("$name answers as transformers does", async (source) => {
    expectWithinLimits(await greedyParity(await testGpu(), source));
  });

  // These three have between them all kernels with a variant; `npm run parity` runs it for every folder.
  const variants = ["llama", "gemma2", "gpt_neox"].includes(family);
  it.runIf(variants)("gives the same gradients with the kernel variants for GPUs", async () => {
    expectWithinLimits(await caseParity(await testGpu(), folders[0]!, "gpu"));
  });
});
