// Measures an adapter once and remembers the result, so that later runs on it take the same kernel variants and give
// the same numbers to the bit. Lies under $XDG_CACHE_HOME/tabtune or ~/.cache/tabtune; deleting it is harmless.

import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { Gpu } from "../gpu/device";
import { autotune } from "../ops/autotune";
import { tunings, type Tuning } from "../program/tuning";

export async function tuningOf(gpu: Gpu): Promise<Tuning> {
  const file = join(cacheFolder(), `tuning-${keyOf(gpu)}.json`);
  const known = await readFile(file, "utf8").then(parseTuning, () => undefined);
  if (known) return known;
  const tuning = await autotune(gpu);
  // A cache that cannot be written costs time, nothing else.
  await mkdir(dirname(file), { recursive: true })
    .then(() => writeFile(file, JSON.stringify(tuning)))
    .catch(() => undefined);
  return tuning;
}

function cacheFolder(): string {
  return join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "tabtune");
}

/** Changes with the adapter, its driver and the fields of a tuning. */
function keyOf({ report }: Gpu): string {
  const parts = [report.vendor, report.architecture, report.description, ...Object.keys(tunings.gpu)];
  return createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 16);
}

function parseTuning(text: string): Tuning | undefined {
  try {
    return JSON.parse(text) as Tuning;
  } catch {
    return undefined;
  }
}
