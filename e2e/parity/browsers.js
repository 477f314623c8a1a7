// Starts the two browsers without a window and with WebGPU on: Chromium through Playwright, on its own SwiftShader;
// Firefox through puppeteer-core (WebDriver BiDi), on Mesa's lavapipe where it runs on Linux. Both drivers run on the
// CPU and are the same on every machine.

import { chromium } from "playwright-core";
import puppeteer from "puppeteer-core";
import { findChromium, findFirefox, findLavapipe } from "../../tools/find-browsers.js";

/**
 * @typedef {import("./messages").ParityMessage} ParityMessage
 *
 * @typedef {object} Browser
 * @property {string} version
 * @property {Promise<string>} gone  resolves with the reason when the page or the browser ends by itself
 * @property {(url: string, report: (message: ParityMessage) => void) => Promise<void>} open
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<Browser>} */
export async function startChromium() {
  const executablePath = findChromium();
  if (!executablePath) throw new Error("No Chromium or Chrome was found; TABTUNE_CHROMIUM can name one.");
  const browser = await chromium.launch({
    executablePath,
    args: [
      "--headless=new",
      "--no-sandbox",
      "--enable-unsafe-webgpu",
      "--use-webgpu-adapter=swiftshader",
      "--disable-background-networking",
    ],
  });
  const page = await browser.newPage();
  return {
    version: `Chromium ${browser.version()}`,
    gone: new Promise((resolve) => {
      page.on("crash", () => resolve("the page crashed"));
      browser.on("disconnected", () => resolve("the browser ended"));
    }),
    async open(url, report) {
      await page.exposeFunction("report", report);
      await page.goto(url);
    },
    close: () => browser.close(),
  };
}

/** Firefox with WebGPU on, which it is not by default on Linux. */
export async function launchFirefox() {
  const executablePath = findFirefox();
  if (!executablePath) throw new Error("No Firefox was found; TABTUNE_FIREFOX can name one.");
  const lavapipe = findLavapipe();
  if (process.platform === "linux" && !lavapipe) {
    throw new Error("Firefox needs Mesa's lavapipe (Debian: mesa-vulkan-drivers), and none was found.");
  }
  return puppeteer.launch({
    browser: "firefox",
    executablePath,
    headless: true,
    extraPrefsFirefox: { "dom.webgpu.enabled": true, "gfx.webgpu.ignore-blocklist": true },
    env: { ...process.env, ...(lavapipe && { VK_ICD_FILENAMES: lavapipe }) },
  });
}

/** @returns {Promise<Browser>} */
export async function startFirefox() {
  const browser = await launchFirefox();
  const page = await browser.newPage();
  return {
    version: (await browser.version()).replace(/^firefox\//, "Firefox "),
    gone: new Promise((resolve) => {
      page.on("error", (error) => resolve(`the page crashed: ${error.message}`));
      browser.on("disconnected", () => resolve("the browser ended"));
    }),
    async open(url, report) {
      await page.exposeFunction("report", report);
      await page.goto(url);
    },
    close: () => browser.close(),
  };
}
