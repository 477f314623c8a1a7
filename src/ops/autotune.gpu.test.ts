import { describe, expect, it } from "vitest";
import { resident } from "../program/tensor";
import { multiplyAddsPerLaunch } from "../program/tuning";
import { testGpu } from "../testing/test-gpu";
import { autotune, race, winner, type Contender } from "./autotune";
import { matmulForward, matmulVariants } from "./matmul";
import { f32Weight } from "./weight";

describe("autotune", () => {
  it("returns a tuning that is plain data and names only variants that exist", async () => {
    const tuning = await autotune(await testGpu());
    expect(structuredClone(tuning)).toEqual(tuning);
    for (const entry of ["forward", "backward_input", "backward_weight"] as const) {
      expect(matmulVariants).toContain(tuning.matmul[entry].wide);
      expect(matmulVariants).toContain(tuning.matmul[entry].narrow);
    }
    expect([4, 32, 64]).toContain(tuning.rowLanes);
    expect([4, 64]).toContain(tuning.attentionLanes);
    expect(multiplyAddsPerLaunch(tuning)).toBeGreaterThan(1e5);
    expect(multiplyAddsPerLaunch(tuning)).toBeLessThan(1e13);
  });

  it("refuses a variant whose result is wrong or not finite, however fast it is", async () => {
    const [tokens, inner, outs] = [8, 64, 8];
    const x = resident("x", [tokens, inner]);
    const w = resident("w", [outs, inner]);
    const y = resident("y", [tokens, outs]);
    const weight = f32Weight(w, outs, inner);
    const scaled = (name: string, scale: number): Contender<string> => ({
      name,
      record: (tape) => matmulForward(tape, x, weight, y, { variant: "registers", scale }),
    });
    const problem = {
      inputs: new Map([
        [x, new Float32Array(tokens * inner).map((_, i) => Math.sin(i))],
        [w, new Float32Array(outs * inner).map((_, i) => Math.cos(i))],
      ]),
      output: y,
      tolerance: 1e-5,
    };
    const places = await race(await testGpu(), problem, [
      scaled("safe", 1),
      scaled("off by a thousandth", 1.001),
      scaled("infinite", 3e38),
      { name: "idle", record: (tape) => matmulForward(tape, x, weight, y, { accumulate: 1, scale: 0 }) },
      scaled("rounded", 1 + 2 ** -23),
    ]);
    expect(places.map(({ name }) => name)).toEqual(["safe", "rounded"]);
  });

  it("lets the earlier one win a close race", () => {
    const safe = { name: "safe", seconds: 1 };
    expect(winner([safe, { name: "close", seconds: 0.97 }])).toBe(safe);
    expect(winner([safe, { name: "faster", seconds: 0.9 }]).name).toBe("faster");
  });
});
