// One device for a test file, with the limits that every adapter guarantees. There is no skipping: without an adapter the test fails and says what to install.

import type { Gpu } from "../gpu/device";
import { openNodeGpu } from "../gpu/node-gpu";

let shared: Promise<Gpu> | undefined;

export function testGpu(): Promise<Gpu> {
  return (shared ??= openNodeGpu({ guaranteedLimits: true }));
}
