// `npm run page:firefox`: the page in Firefox, on Mesa's lavapipe under Linux. A sample dataset is trained for a few steps
// and the chat answers with and without the adapter. One line a step of the way; exit code 1 when one fails.

import { mkdirSync } from "node:fs";
import { build, preview } from "vite";
import { launchFirefox } from "../parity/browsers.js";

/** lavapipe compiles kernels slowly. */
const PATIENCE_MILLISECONDS = 240_000;
const outDir = "dist/page-firefox";

await build({ logLevel: "error", build: { outDir } });
const server = await preview({ build: { outDir }, preview: { host: "localhost", port: 0 } });
const browser = await launchFirefox();
console.log(await browser.version());
const page = await browser.newPage();
page.setDefaultTimeout(PATIENCE_MILLISECONDS);
/** @type {string[]} */
const faults = [];
page.on("pageerror", (error) => faults.push(String(error)));

/** @param {string} name */
const press = (name) => page.locator(`::-p-aria([name="${name}"][role="button"])`).click();
/** @param {string} text */
const see = (text) => page.locator(`::-p-text(${text})`).wait();

/** @type {readonly [name: string, step: () => Promise<unknown>][]} */
const way = [
  ["the page opens", () => page.goto(server.resolvedUrls?.local[0] ?? "")],
  ["WebGPU is there", () => see("Training and chat compute here, through WebGPU.")],
  ["the built-in model opens", () => see("Longest context")],
  [
    "a sample dataset is tokenised",
    async () => {
      await page.goto(new URL("#/data", page.url()).href);
      await press("Open Facts about Brindle Bay");
      await see("42 rows are ready");
    },
  ],
  [
    "a run of 5 steps ends",
    async () => {
      await press("Go to Train");
      const steps = page.locator('::-p-aria([name="Steps"][role="textbox"])');
      await steps.click({ count: 3 }); // selects what stands there
      await page.keyboard.type("5");
      await page.keyboard.press("Enter");
      await press("Start training");
      await see("Finished 5 steps.");
    },
  ],
  [
    "base and adapter answer",
    async () => {
      await press("Chat before and after");
      await page.locator("#chat-prompt").fill("Hello");
      await press("Send");
      await page.waitForFunction(() => document.querySelectorAll("article header button").length === 2);
    },
  ],
  [
    "no error was thrown",
    async () => {
      if (faults.length > 0) throw new Error(faults.join("; "));
    },
  ],
];

let passed = 0;
let failed = 0;
for (const [name, step] of way) {
  try {
    await step();
    passed++;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL  ${name}: ${error instanceof Error ? error.message : error}`);
    mkdirSync("out/test", { recursive: true });
    await page.screenshot({ path: "out/test/firefox.png" });
    break; // what follows stands on it
  }
}
failed += way.length - passed - failed;
await browser.close();
await server.close();
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);
