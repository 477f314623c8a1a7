// `npm run parity:chromium`, `npm run parity:firefox`: builds the page, opens it in the browser and prints one line a
// check with its worst comparison as measured / limit. Exit code 1 when a check fails, or when one that was announced
// never came back.

import { isBuiltin } from "node:module";
import { fileURLToPath } from "node:url";
import { build, preview } from "vite";
import { startChromium, startFirefox } from "./browsers.js";

/** @typedef {import("./messages").ParityMessage} ParityMessage */

/** No check takes nearly as long; a browser that is silent for so long is stuck. */
const SILENCE_MILLISECONDS = 120_000;

/**
 * Stops the build where the page or its worker would import a Node module.
 * @type {import("vite").Plugin}
 */
const browserAlone = {
  name: "browser-alone",
  enforce: "pre",
  resolveId(id, importer) {
    if (isBuiltin(id) || id === "webgpu") {
      throw new Error(`${importer} is part of what runs in browsers, so it may not import ${id}`);
    }
  },
};

const name = process.argv[2] ?? "";
const start = { chromium: startChromium, firefox: startFirefox }[name];
if (!start) {
  console.error("usage: node e2e/parity/run.js chromium|firefox");
  process.exit(2);
}

let passed = 0;
let failed = 0;
let announced = 0;
const server = await servePage();
const browser = await start();
try {
  const end = await runChecks(server.url);
  if (end) {
    failed++;
    console.log(`FAIL  ${end}`);
  }
  const missing = announced - passed - failed;
  if (missing > 0) {
    failed += missing;
    console.log(`FAIL  ${missing} checks did not run`);
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 || passed === 0 ? 1 : 0);

/** Builds e2e/parity with the golden folders beside it and serves what came out. */
async function servePage() {
  const config = /** @satisfies {import("vite").InlineConfig} */ ({
    configFile: false,
    logLevel: "error",
    appType: "mpa", // a missing file is a 404
    root: fileURLToPath(new URL(".", import.meta.url)),
    publicDir: fileURLToPath(new URL("../golden", import.meta.url)),
    build: {
      outDir: fileURLToPath(new URL(`../../dist/parity/${name}`, import.meta.url)),
      emptyOutDir: true,
      target: "es2023",
    },
    plugins: [browserAlone],
    worker: { format: "es", plugins: () => [browserAlone] },
    preview: { host: "127.0.0.1", port: 0 },
  });
  await build(config);
  const server = await preview(config);
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error("the page's server has no address");
  return { url, close: () => server.close() };
}

/**
 * Prints what the page reports until it is through; the reason if it ends in another way.
 * @param {string} url
 * @returns {Promise<string | undefined>}
 */
function runChecks(url) {
  return new Promise((resolve, reject) => {
    let running = "its first check";
    const stuck = () => resolve(`no sign of life for ${SILENCE_MILLISECONDS / 1000} s, in: ${running}`);
    let silence = setTimeout(stuck, SILENCE_MILLISECONDS);
    void browser.gone.then((reason) => resolve(`${reason}, in: ${running}`));
    const report = (/** @type {ParityMessage} */ message) => {
      clearTimeout(silence);
      silence = setTimeout(stuck, SILENCE_MILLISECONDS);
      if (message.kind === "adapter") {
        announced = message.checks;
        const { vendor, architecture, description } = message.adapter;
        console.log(
          `${browser.version} · ${[vendor, architecture, description].filter(Boolean).join(" ") || "an adapter that does not name itself"}`,
        );
      }
      if (message.kind === "started") running = message.name;
      if (message.kind === "finished") printCheck(message);
      if (message.kind === "done") resolve(undefined);
      if (message.kind === "broken") resolve(message.reason);
    };
    browser.open(url, report).catch(reject);
  });
}

/** @param {Extract<ParityMessage, { kind: "finished" }>} check */
function printCheck({ name, measured, failure, milliseconds }) {
  const bad = measured.filter(({ error, limit }) => !(Number.isFinite(error) && error <= limit));
  const good = failure === undefined && measured.length > 0 && bad.length === 0;
  if (good) passed++;
  else failed++;
  const share = (/** @type {typeof measured[number]} */ m) => (m.limit === 0 ? m.error : m.error / m.limit);
  const shown = bad.length > 0 ? bad : [...measured].sort((a, b) => share(b) - share(a)).slice(0, 1);
  const figures = shown.map(({ what, error, limit }) => `${what} ${figure(error)} / ${figure(limit)}`);
  const notes = failure ?? (figures.join(", ") || "compared nothing");
  console.log(`${good ? "ok   " : "FAIL "} ${name}: ${notes} (${(milliseconds / 1000).toFixed(1)} s)`);
}

/** @param {number | null} value  null is what becomes of an infinity on its way out of a browser */
function figure(value) {
  return value === null ? "not finite" : value === 0 ? "0" : value.toExponential(1);
}
