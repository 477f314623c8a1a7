// Loading in parts gives the GPU the same bytes as loading whole tensors, and holds little.

import { describe, expect, it } from "vitest";
import { folderSource } from "../headless/folder-source";
import { loadModel } from "../model/weights/load";
import { Memory } from "../program/memory";
import { testGpu } from "../testing/test-gpu";
import { loadInParts } from "./load-in-parts";
import { openDecoder } from "./open-decoder";

describe("loading in parts", () => {
  it.each([
    ["public/models/tabtune-3m", 4096],
    ["public/models/tabtune-3m", 99_998],
    ["e2e/golden/llama-biased", 1000],
  ])("of %s by %i bytes gives what loading whole tensors gives", async (folder, partBytes) => {
    const gpu = await testGpu();
    const { declare, weights } = await openDecoder(folderSource(folder));
    const model = declare(16);
    const whole = new Memory(gpu);
    const inParts = new Memory(gpu);
    try {
      await loadModel(whole, model, weights);
      const read: number[] = [];
      const shares: number[] = [];
      const counted: typeof weights = {
        ...weights,
        readPart: (name, begin, end) => {
          read.push(end - begin);
          return weights.readPart(name, begin, end);
        },
      };
      await loadInParts(inParts, model, counted, (share) => shares.push(share), {
        partBytes,
        largeBytes: 4096,
      });
      for (const load of model.loads) {
        const tensors = "weight" in load ? load.weight.parts.map(({ tensor }) => tensor) : [load.vector];
        for (const tensor of tensors) {
          const [a, b] = await Promise.all([whole.read(tensor), inParts.read(tensor)]);
          expect(Buffer.compare(Buffer.from(a), Buffer.from(b)), tensor.name).toBe(0);
        }
      }
      expect(read.length).toBeGreaterThan(model.loads.length / 4);
      expect(Math.max(...read)).toBeLessThanOrEqual(partBytes);
      expect(shares.every((share, i) => i === 0 || share >= shares[i - 1]!)).toBe(true);
      expect(shares.at(-1)).toBeCloseTo(1, 9);
    } finally {
      whole.dispose();
      inParts.dispose();
    }
  });
});
