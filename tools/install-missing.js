// What `npm test` and `npm start` need beyond Node, installed where it is missing: the npm packages, a Chromium (its
// software Vulkan driver runs the engine under Node as well), and for the Firefox run Firefox and Mesa's lavapipe.
// Where that cannot be done, it says what to install by hand. Needs nothing but Node, since it runs before `npm ci`.

import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { findBundledVulkanLoader, findChromium, findFirefox, findLavapipe } from "./find-browsers.js";

export const repository = fileURLToPath(new URL("..", import.meta.url));

const fromRepository = (/** @type {string} */ path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** Runs `npm ci` unless the packages in node_modules are those of package-lock.json. Throws when it fails. */
export function installPackages() {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`Node ${process.versions.node} is too old: Tabtune needs 20.19 or newer.`);
  }
  if (packagesAreThere()) return;
  console.log("Installing the npm packages (npm ci) …");
  const npm = process.env["npm_execpath"];
  const succeeded = npm ? run(process.execPath, npm, "ci") : run("npm", "ci");
  if (!succeeded) throw new Error("`npm ci` failed; its messages stand above.");
}

/** Finds or installs a Chromium; false when there is none afterwards, which has then been explained. */
export function installChromium() {
  if (findChromium()) return true;
  console.log("No Chromium or Chrome was found. Downloading one with Playwright …");
  const playwright = (/** @type {string[]} */ ...args) =>
    run(process.execPath, fromRepository("node_modules/playwright-core/cli.js"), ...args);
  if (playwright("install", "--no-shell", "chromium")) {
    if (canUseApt()) playwright("install-deps", "chromium");
  } else if (canUseApt()) {
    console.log("That download is not possible here. Installing Debian's packages …");
    aptInstall("chromium", "libvulkan1");
  }
  if (findChromium()) return true;
  console.log(
    "No Chromium could be installed. Install Chrome or Chromium in its usual place (Debian: apt-get install chromium " +
      "libvulkan1; elsewhere: npx playwright-core install --with-deps chromium), or name one in TABTUNE_CHROMIUM.",
  );
  return false;
}

/** Finds or installs Firefox, and lavapipe on Linux; false when something is missing afterwards. */
export function installFirefox() {
  const complete = () => findFirefox() && (process.platform !== "linux" || findLavapipe());
  if (complete()) return true;
  if (canUseApt()) {
    console.log("Firefox or Mesa's lavapipe is missing. Installing Debian's packages …");
    aptInstall("firefox-esr", "mesa-vulkan-drivers");
  }
  if (complete()) return true;
  console.log(
    "Firefox or Mesa's lavapipe is missing and could not be installed. Install both (Debian: apt-get install " +
      "firefox-esr mesa-vulkan-drivers; on macOS and Windows Firefox alone), or name a Firefox in TABTUNE_FIREFOX.",
  );
  return false;
}

/** Environment for processes that open a GPU under Node: Chromium's Vulkan loader where the system has none. */
export function gpuEnvironment() {
  const loader = findBundledVulkanLoader();
  if (!loader) return process.env;
  const known = process.env["LD_LIBRARY_PATH"];
  return { ...process.env, LD_LIBRARY_PATH: known ? `${known}:${loader}` : loader };
}

function packagesAreThere() {
  const installed = fromRepository("node_modules/.package-lock.json");
  if (!existsSync(installed)) return false;
  const packagesOf = (/** @type {string} */ file) =>
    /** @type {Record<string, { version?: string, optional?: boolean }>} */ (
      JSON.parse(readFileSync(file, "utf8")).packages
    );
  const there = packagesOf(installed);
  return Object.entries(packagesOf(fromRepository("package-lock.json"))).every(
    ([path, { version, optional }]) => path === "" || optional || there[path]?.version === version,
  );
}

function canUseApt() {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get");
}

/** @param {string[]} packages */
function aptInstall(...packages) {
  if (!run("apt-get", "update")) return;
  run("apt-get", "install", "--yes", "--no-install-recommends", ...packages);
}

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, ...args) {
  const { status } = spawnSync(command, args, {
    cwd: repository,
    stdio: ["ignore", "inherit", "inherit"],
    shell: process.platform === "win32" && command === "npm",
    env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
  });
  return status === 0;
}
