// Runs every kernel check and the golden models in a dedicated worker, where the engine lives in the product.

import { browserGpu, openGpu, type Gpu } from "../../src/gpu/device";
import type { Check } from "../../src/testing/check";
import { checks } from "../../src/testing/checks";
import { goldenModelChecks } from "./golden-models";
import type { ParityMessage } from "./messages";

const tell = (message: ParityMessage): void => postMessage(message);

try {
  await runAll([...checks, ...goldenModelChecks]);
  tell({ kind: "done" });
} catch (error) {
  tell({ kind: "broken", reason: reasonOf(error) });
}

async function runAll(all: readonly Check[]): Promise<void> {
  let gpu = await openGpu(browserGpu());
  tell({ kind: "adapter", adapter: gpu.report, checks: all.length });
  for (const check of all) {
    tell({ kind: "started", name: check.name });
    const start = performance.now();
    const { measured, failure } = await outcomeOf(check, gpu);
    tell({ kind: "finished", name: check.name, measured, failure, milliseconds: performance.now() - start });
    // A check that takes the device down fails by itself; those behind it get a new one.
    if (await isLost(gpu)) gpu = await openGpu(browserGpu());
  }
  gpu.dispose();
}

async function outcomeOf(
  check: Check,
  gpu: Gpu,
): Promise<Pick<Extract<ParityMessage, { kind: "finished" }>, "measured" | "failure">> {
  const lost = gpu.lost.then((reason) => Promise.reject(new Error(`the device was lost: ${reason}`)));
  try {
    return { measured: await Promise.race([check.run(gpu), lost]), failure: undefined };
  } catch (error) {
    return { measured: [], failure: reasonOf(error) };
  }
}

function isLost(gpu: Gpu): Promise<boolean> {
  return Promise.race([
    gpu.lost.then(() => true),
    new Promise<false>((resolve) => setTimeout(resolve, 0, false)),
  ]);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
