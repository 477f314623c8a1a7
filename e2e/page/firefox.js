// `npm run page:firefox`: the page in Firefox, on Mesa's lavapipe under Linux. A sample dataset is trained for a few steps,
// the chat answers with and without the adapter, and a model comes from a Hub on this machine and opens again without
// it. One line a step of the way; exit code 1 when one fails.

import { mkdirSync } from "node:fs";
import { build, preview } from "vite";
import { createRepository, folderFiles } from "../hub/repository.js";
import { startHub } from "../hub/server.js";
import { launchFirefox } from "../parity/browsers.js";

/** lavapipe compiles kernels slowly. */
const PATIENCE_MILLISECONDS = 240_000;
const outDir = "dist/page-firefox";

await build({ logLevel: "error", build: { outDir } });
const server = await preview({ build: { outDir }, preview: { host: "localhost", port: 0 } });
const repository = "somebody/small-model";
const hub = await startHub({
  repositories: [createRepository(repository, folderFiles("public/models/tabtune-3m"))],
  bytesPerSecond: 2_000_000, // slow enough for a reload on the way
});
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
    "a model of a Hub says what it takes",
    async () => {
      await page.goto(new URL("#/model", page.url()).href);
      await page.locator("::-p-text(Access token and mirror)").click();
      await page.locator('::-p-aria([name="Mirror"][role="textbox"])').fill(hub.endpoint);
      await Promise.all([page.waitForNavigation(), press("Use it and reload")]);
      await see("Longest context");
      await page.locator('::-p-aria([name="Repository"][role="textbox"])').fill(repository);
      await press("Look at it");
      await see("GPU memory to train");
    },
  ],
  [
    "it is downloaded, over a reload, and opens",
    async () => {
      await page.locator("::-p-xpath(//button[starts-with(., 'Download ')])").click();
      await see("MB/s");
      await page.reload();
      await press("Go on");
      await see("From the Hub, commit");
    },
  ],
  [
    "it opens again without the Hub, and answers",
    async () => {
      await hub.close();
      await page.reload();
      await see("From the Hub, commit");
      await page.goto(new URL("#/chat", page.url()).href);
      await page.locator("#chat-prompt").fill("Hello");
      await press("Send");
      await page.waitForFunction(() => document.querySelectorAll("article header button").length > 0);
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
