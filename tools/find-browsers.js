// Finds browsers and software Vulkan drivers that are already on this machine. Installs nothing, starts nothing, and
// needs nothing but Node, since it runs before `npm ci`.

import { existsSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";

const { env, platform } = process;

/** A Chromium or Chrome: TABTUNE_CHROMIUM, the system's, else the newest in Playwright's cache. */
export function findChromium() {
  const system = {
    linux: [
      ...onPath("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
      "/opt/google/chrome/chrome",
      "/opt/chromium.org/chromium/chromium",
    ],
    darwin: applications("Google Chrome", "Chromium"),
    win32: programs("Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe"),
  };
  const downloaded = {
    linux: ["chrome-linux64/chrome", "chrome-linux/chrome"],
    darwin: [
      "chrome-mac-arm64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
      "chrome-mac-x64/Google Chrome for Testing.app/Contents/MacOS/Google Chrome for Testing",
      "chrome-mac/Chromium.app/Contents/MacOS/Chromium",
    ],
    win32: ["chrome-win64/chrome.exe", "chrome-win/chrome.exe"],
  };
  return (
    named("TABTUNE_CHROMIUM") ?? first([...here(system), ...inPlaywright("chromium-", here(downloaded))])
  );
}

/** A Firefox of Mozilla's own build: TABTUNE_FIREFOX or the system's. (Playwright's Firefox is a patched one.) */
export function findFirefox() {
  const system = {
    linux: [...onPath("firefox-esr", "firefox"), "/opt/firefox/firefox"],
    darwin: applications("Firefox"),
    win32: programs("Mozilla Firefox/firefox.exe"),
  };
  return named("TABTUNE_FIREFOX") ?? first(here(system));
}

/** The ICD file of Mesa's lavapipe, the Vulkan driver on the CPU that Firefox can use; on Linux alone. */
export function findLavapipe() {
  for (const folder of ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"]) {
    const file = existsSync(folder) && readdirSync(folder).find((name) => /^lvp_icd\..*json$/.test(name));
    if (file) return join(folder, file);
  }
  return undefined;
}

/** The ICD file of SwiftShader, the Vulkan driver on the CPU that ships inside Chromium; on Linux alone. */
export function findSwiftShader() {
  const chromium = findChromium();
  return first(
    [chromium && dirname(chromium), "/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"]
      .filter((folder) => folder !== undefined)
      .map((folder) => join(folder, "vk_swiftshader_icd.json")),
  );
}

/** The folder of the Vulkan loader that Dawn needs under Node, where the system has none but Chromium brings one. */
export function findBundledVulkanLoader() {
  const system = ["/usr/lib", "/usr/lib64", "/lib", "/usr/local/lib", ...multiarchFolders()];
  if (platform !== "linux" || first(system.map((folder) => join(folder, "libvulkan.so.1")))) return undefined;
  const driver = findSwiftShader();
  const loader = driver && first([join(dirname(driver), "libvulkan.so.1")]);
  return loader && dirname(loader);
}

function multiarchFolders() {
  return readdirSync("/usr/lib")
    .filter((name) => name.endsWith("-linux-gnu"))
    .map((name) => join("/usr/lib", name));
}

/** @param {string} variable */
function named(variable) {
  const file = env[variable];
  if (file && !existsSync(file)) throw new Error(`${variable} names ${file}, where there is no file.`);
  return file || undefined;
}

/** @param {readonly string[]} files */
function first(files) {
  return files.find((file) => existsSync(file));
}

/** @param {Readonly<Record<string, readonly string[]>>} byPlatform */
function here(byPlatform) {
  return byPlatform[platform] ?? [];
}

/** @param {readonly string[]} commands */
function onPath(...commands) {
  const folders = (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
  return commands.flatMap((command) => folders.map((folder) => join(folder, command)));
}

/** @param {readonly string[]} names */
function applications(...names) {
  const roots = ["/Applications", join(homedir(), "Applications")];
  return names.flatMap((name) =>
    roots.map((root) =>
      join(root, `${name}.app`, "Contents/MacOS", name.toLowerCase() === "firefox" ? "firefox" : name),
    ),
  );
}

/** @param {readonly string[]} paths */
function programs(...paths) {
  const roots = [env["PROGRAMFILES"], env["PROGRAMFILES(X86)"], env["LOCALAPPDATA"]].filter(
    (root) => root !== undefined,
  );
  return paths.flatMap((path) => roots.map((root) => join(root, path)));
}

/**
 * The same paths in each of Playwright's downloads of a browser, newest first.
 * @param {string} prefix
 * @param {readonly string[]} paths
 */
function inPlaywright(prefix, paths) {
  const caches = {
    linux: [join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "ms-playwright")],
    darwin: [join(homedir(), "Library/Caches/ms-playwright")],
    win32: [join(env["LOCALAPPDATA"] ?? homedir(), "ms-playwright")],
  };
  const cache = env["PLAYWRIGHT_BROWSERS_PATH"] ?? here(caches)[0];
  if (!cache || !existsSync(cache)) return [];
  const revision = (/** @type {string} */ name) => Number(name.slice(prefix.length));
  return readdirSync(cache)
    .filter((name) => name.startsWith(prefix) && Number.isInteger(revision(name)))
    .sort((a, b) => revision(b) - revision(a))
    .flatMap((name) => paths.map((path) => join(cache, name, path)));
}
