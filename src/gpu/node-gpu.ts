// WebGPU under Node: npm `webgpu` (Dawn) over Vulkan. Tries the machine's own driver first and falls back to the
// SwiftShader that ships inside Chromium, a driver that runs on the CPU.

import { existsSync, readdirSync, realpathSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { create, globals } from "webgpu";
import { AppError } from "../core/errors";
import { openGpu, type Gpu, type OpenOptions } from "./device";

/** Dawn's instance dies with its JavaScript object, so it is kept for the life of the process. */
let instance: GPU | undefined;

/** Opens a device under Node; throws `webgpu-missing` with what to install. */
export async function openNodeGpu(options: OpenOptions = {}): Promise<Gpu> {
  Object.assign(globalThis, globals);
  process.env["XDG_RUNTIME_DIR"] ??= tmpdir(); // Mesa's drivers complain on standard error without one
  for (const driver of process.env["VK_ICD_FILENAMES"] ? [undefined] : [undefined, findSwiftShader()]) {
    if (driver) process.env["VK_ICD_FILENAMES"] = driver;
    instance = create(process.platform === "linux" ? ["backend=vulkan"] : []);
    if (await instance.requestAdapter()) return openGpu(instance, options);
  }
  throw new AppError(
    "webgpu-missing",
    "No Vulkan driver found. Install your graphics card's driver, or Chromium or Chrome, whose SwiftShader runs on the CPU " +
      "(Debian: apt-get install chromium libvulkan1; elsewhere: npx playwright install chromium), " +
      "or point VK_ICD_FILENAMES to a driver's ICD file.",
  );
}

function findSwiftShader(): string | undefined {
  const playwright = process.env["PLAYWRIGHT_BROWSERS_PATH"] ?? join(homedir(), ".cache", "ms-playwright");
  const named = process.env["TABTUNE_CHROMIUM"];
  const downloads = existsSync(playwright)
    ? readdirSync(playwright).map((name) => join(playwright, name))
    : [];
  const folders = [
    ...(named && existsSync(named) ? [dirname(realpathSync(named))] : []),
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    "/opt/google/chrome",
    "/opt/chromium.org/chromium",
    ...downloads.flatMap((folder) => [join(folder, "chrome-linux"), join(folder, "chrome-linux64")]),
  ];
  return folders.map((folder) => join(folder, "vk_swiftshader_icd.json")).find((file) => existsSync(file));
}
