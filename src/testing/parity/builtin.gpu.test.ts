// The built-in model on the sample datasets against transformers + peft. `npm run -s parity` goes on for all 50 steps
// with each and asks the trained prompts afterwards, which takes minutes on a software adapter.

import { describe, expect, it } from "vitest";
import { testGpu } from "../test-gpu";
import { builtinCurveParity, builtinTokenParity } from "./builtin-parity";
import { builtinFolders } from "./golden-folders";
import { expectWithinLimits } from "./within-limits.fixture";

const folders = builtinFolders();
const steps = 10;

describe("the built-in model", () => {
  it("has goldens for at least three sample datasets", () => {
    expect(folders.length).toBeGreaterThanOrEqual(3);
  });

  describe.each(folders)("on $golden.name", (files) => {
    it("gets the tokens and the mask that transformers gives", async () => {
      expectWithinLimits(await builtinTokenParity(files));
    });

    it("trains along peft's curve", async () => {
      expectWithinLimits(await builtinCurveParity(await testGpu(), files, steps));
    });
  });
});
