// What becomes of a run when the graphics device goes away, as drivers let it: in a process of its own, since the device
// is destroyed.

import "fake-indexeddb/auto";
import { create } from "webgpu";
import { expect, it } from "vitest";
import { openGpu } from "../gpu/device";
import { testGpu } from "../testing/test-gpu";
import { Engine } from "./engine";
import { fetchPublic, pageBase } from "./page-folder.fixture";

it(
  "keeps the last good adapter when the device is lost, and opens another",
  { timeout: 400_000 },
  async () => {
    await testGpu(); // finds the driver
    const instance = create(process.platform === "linux" ? ["backend=vulkan"] : []);
    const lost = await openGpu(instance, { guaranteedLimits: true });
    const devices = [lost, await openGpu(instance, { guaranteedLimits: true })];
    const engine = new Engine({ openGpu: async () => devices.shift()!, base: pageBase, fetch: fetchPublic });
    await engine.openGpu();
    await engine.openModel({ kind: "built-in", name: "tabtune-3m" });
    const { sample } = await engine.openSampleDataset("ship-captain.jsonl");
    const config = {
      ...sample!.run,
      microBatchSize: 1,
      cutoffLength: 24,
      trainOnPrompt: true,
      samplePrompts: [],
      maxSteps: 400,
      evaluationSplit: 0.1,
      evaluationInterval: 2,
    };
    const training = engine.train({ config }, ({ kind }) => {
      if (kind === "stored") lost.device.destroy();
    });
    await expect(training).rejects.toMatchObject({ name: "device-lost" });
    const [run] = await engine.runs();
    expect(run).toMatchObject({ status: "failed", savedStep: 2 });
    expect(run!.message).toContain("after step 2");
    expect(await engine.adapters()).toHaveLength(1);

    await engine.openGpu();
    expect(devices).toHaveLength(0);
    await engine.openChat([run!.id]);
    await engine.closeChat();
    const going = engine.train({ config, resume: run!.id }, (update) => {
      if (update.kind === "events") void engine.stopRun();
    });
    expect(await going).toMatchObject({ status: "stopped" });
  },
);
