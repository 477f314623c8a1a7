// A generated model streamed in Chromium from the local Hub: speed as a share of a plain fetch of the same bytes, the
// heap of the Worker that does it, what is stored, and the way from storage to the GPU.
//
// --line limits the server to so many megabytes a second; without it the loopback and this machine's processors are
// the limit, which the server, the browser's processes and the hashing share.
//
//   node bench/hub/run.js [--megabytes 1000] [--rounds 3] [--line MEGABYTES] [--json]

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { cpus, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";
import { build, preview } from "vite";
import { createRepository, folderFiles, generatedModel } from "../../e2e/hub/repository.js";
import { startHub } from "../../e2e/hub/server.js";
import { findChromium } from "../../tools/find-browsers.js";

/**
 * @typedef {import("./messages").StreamOrder} StreamOrder
 * @typedef {import("./messages").StreamReply} StreamReply
 * @typedef {StreamReply & { heapBase: number, heapPeak: number, processorSeconds: number }} Measured  heap in bytes, with
 *   array buffers; processor time of the browser and of this server, 0 where it can't be read
 */

const { values } = parseArgs({
  options: {
    megabytes: { type: "string", default: "1000" },
    rounds: { type: "string", default: "3" },
    line: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const megabytes = Number(values.megabytes);
const rounds = Number(values.rounds);
const line = values.line === undefined ? undefined : Number(values.line);
if (!(megabytes >= 50) || !(rounds >= 1)) {
  console.error(
    "usage: node bench/hub/run.js [--megabytes 1000] [--rounds 3] [--line MEGABYTES] [--json]   (50 megabytes at least)",
  );
  process.exit(2);
}

const repository = "tabtune/generated";
const TOKEN = "a-token";
const SETTLING_MILLISECONDS = 5000;
/** Of /proc/PID/stat. */
const TICKS_PER_SECOND = 100;
const say = (/** @type {string} */ text) => console.error(text);
say("generating");
const hub = await startHub({
  // Gated, so that every request carries a token as far as it may.
  repositories: [createRepository(repository, model(megabytes), { gated: "auto" })],
  tokens: { [TOKEN]: [repository] },
  ...(line !== undefined && { bytesPerSecond: line * 1e6 }),
});
const page = await servePage();
const profile = mkdtempSync(join(tmpdir(), "tabtune-bench-"));
const browser = await puppeteer.launch({
  executablePath: findChromium() ?? "",
  headless: true,
  userDataDir: profile,
  protocolTimeout: 900_000,
  // While it records the network, the debugger copies every answer of less than 20 MB: the requests then take more than
  // twice their time.
  networkEnabled: false,
  args: ["--no-sandbox", "--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"],
});
try {
  const results = await measure();
  console.log(values.json ? JSON.stringify(results, null, 1) : asText(results));
} finally {
  await browser.close();
  await page.close();
  await hub.close();
  rmSync(profile, { recursive: true, force: true });
}
process.exit(0);

/** A llama whose embedding alone is larger than the heap may grow. */
function model(/** @type {number} */ wanted) {
  const tokenizer = folderFiles(fileURLToPath(new URL("../../public/models/tabtune-3m", import.meta.url)));
  const hidden = wanted >= 500 ? 2048 : 512;
  const feedForward = Math.round(hidden * 2.75);
  const vocabulary = 98_304;
  const layerBytes = 2 * (2.5 * hidden * hidden + 3 * hidden * feedForward);
  const layers = Math.max(1, Math.round((wanted * 1e6 - 2 * vocabulary * hidden) / layerBytes));
  return generatedModel(
    { layers, hidden, feedForward, heads: 16, keyValueHeads: 4, vocabulary, shards: 4 },
    tokenizer.filter(({ path }) => /token|template|generation/.test(path)),
  );
}

async function measure() {
  const tab = await browser.newPage();
  await tab.goto(page.url);
  // For its first seconds Chromium keeps a gigabyte of Blobs at most; it has not looked at memory and disk yet.
  await new Promise((resolve) => setTimeout(resolve, SETTLING_MILLISECONDS));
  const [worker = await new Promise((resolve) => tab.once("workercreated", resolve))] = tab.workers();
  const heap = async () => {
    const usage = /** @type {{ usedSize: number, backingStorageSize?: number }} */ (
      await worker.client.send("Runtime.getHeapUsage")
    );
    return usage.usedSize + (usage.backingStorageSize ?? 0);
  };
  /** @returns {Promise<Measured>} */
  const ask = async (/** @type {StreamOrder} */ order) => {
    say(order.kind);
    await worker.client.send("HeapProfiler.collectGarbage");
    const heapBase = await heap();
    let heapPeak = heapBase;
    const processorBase = processorSeconds();
    let isDone = false;
    const watch = (async () => {
      while (!isDone) {
        heapPeak = Math.max(heapPeak, await heap());
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    })();
    const reply = await tab.evaluate((/** @type {StreamOrder} */ given) => window.order(given), order);
    isDone = true;
    await watch;
    if (reply.failure) throw new Error(reply.failure);
    return { ...reply, heapBase, heapPeak, processorSeconds: processorSeconds() - processorBase };
  };
  const at = { endpoint: hub.endpoint, repository, token: TOKEN };
  /** @type {Measured[]} */
  const plain = [];
  /** @type {Measured[]} */
  const inspect = [];
  /** @type {Measured[]} */
  const stream = [];
  /** @type {Measured[]} */
  const ranges = [];
  /** @type {Measured[]} */
  const store = [];
  /** @type {Measured[]} */
  const hash = [];
  for (let round = 0; round < rounds; round++) {
    plain.push(await ask({ kind: "plain", ...at }));
    const bytes = plain[0]?.bytes ?? 0;
    ranges.push(await ask({ kind: "ranges", ...at }));
    store.push(await ask({ kind: "store", bytes }));
    hash.push(await ask({ kind: "hash", bytes }));
    if (round > 0) await clear(tab);
    inspect.push(await ask({ kind: "inspect", ...at }));
    stream.push(await ask({ kind: "stream" }));
  }
  const load = await ask({ kind: "load" });
  const withToken = (/** @type {"hub" | "cdn"} */ place) =>
    hub.log.filter(({ origin, authorization }) => origin === place && authorization !== undefined).length;
  return {
    date: new Date().toISOString().slice(0, 10),
    browser: await browser.version(),
    processor: cpus()[0]?.model ?? "",
    processors: cpus().length,
    weightBytes: plain[0]?.bytes ?? 0,
    ...(line !== undefined && { lineMegabytesPerSecond: line }),
    loadAverage: loadavg()[0],
    plain,
    ranges,
    store,
    hash,
    inspect,
    stream,
    load,
    share: median(stream.map(speed)) / median(plain.map(speed)),
    requestsWithToken: { hub: withToken("hub"), otherOrigin: withToken("cdn") },
  };
}

/** Of this process and all processes of the browser, which other programs do not disturb; on Linux alone. */
function processorSeconds() {
  const { user, system } = process.cpuUsage();
  if (process.platform !== "linux") return 0;
  /** @type {Map<number, { parent: number, ticks: number }>} */
  const running = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      running.set(Number(name), {
        parent: Number(fields[1]),
        ticks: Number(fields[11]) + Number(fields[12]),
      });
    } catch {
      // It has ended meanwhile.
    }
  }
  const isBrowser = (/** @type {number} */ id) => {
    for (let at = id; at > 1; at = running.get(at)?.parent ?? 0) {
      if (at === browser.process()?.pid) return true;
    }
    return false;
  };
  const ticks = [...running].reduce((sum, [id, one]) => sum + (isBrowser(id) ? one.ticks : 0), 0);
  return (user + system) / 1e6 + ticks / TICKS_PER_SECOND;
}

/** @param {import("puppeteer-core").Page} tab */
async function clear(tab) {
  await tab.evaluate(async () => {
    for (const { name } of await indexedDB.databases()) {
      const request = indexedDB.open(name ?? "");
      await new Promise((resolve) => (request.onsuccess = resolve));
      const database = request.result;
      for (const store of database.objectStoreNames) {
        const transaction = database.transaction(store, "readwrite");
        transaction.objectStore(store).clear();
        await new Promise((resolve) => (transaction.oncomplete = resolve));
      }
      database.close();
    }
  });
}

/** Builds the page and serves it. */
async function servePage() {
  const root = fileURLToPath(new URL(".", import.meta.url));
  const config = /** @satisfies {import("vite").InlineConfig} */ ({
    configFile: false,
    logLevel: "error",
    root,
    build: {
      outDir: fileURLToPath(new URL("../../dist/bench-hub", import.meta.url)),
      emptyOutDir: true,
      target: "es2023",
    },
    worker: { format: "es" },
    preview: { host: "127.0.0.1", port: 0 },
  });
  await build(config);
  const server = await preview(config);
  const url = server.resolvedUrls?.local[0];
  if (!url) throw new Error("the page's server has no address");
  return { url, close: () => server.close() };
}

/** Megabytes a second. @param {Measured} measured */
function speed({ bytes, milliseconds }) {
  return bytes / 1000 / milliseconds;
}

/** @param {readonly number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? NaN;
}

/** @param {Awaited<ReturnType<typeof measure>>} results */
function asText({
  browser: version,
  weightBytes,
  plain,
  ranges,
  store,
  hash,
  inspect,
  stream,
  load,
  share,
  requestsWithToken,
}) {
  const mb = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(0)} MB`;
  const speeds = (/** @type {Measured[]} */ list) => list.map((one) => speed(one).toFixed(0)).join(", ");
  const seconds = (/** @type {Measured[]} */ list) =>
    Math.min(...list.map((one) => one.processorSeconds)).toFixed(1);
  const growth = (/** @type {Measured} */ one) => one.heapPeak - one.heapBase;
  return [
    `${version}, ${mb(weightBytes)} of weights`,
    `plain fetch      ${speeds(plain)} MB/s`,
    `ranges alone     ${speeds(ranges)} MB/s`,
    `storing alone    ${speeds(store)} MB/s`,
    `hashing alone    ${speeds(hash)} MB/s`,
    `streamed, hashed and stored  ${speeds(stream)} MB/s: ${(share * 100).toFixed(0)} % of the plain fetch (medians)`,
    `processor time   ${seconds(plain)} s for the plain fetch, ${seconds(stream)} s for streaming (least of the rounds; server included)`,
    `heap while inspecting  grows by at most ${mb(Math.max(...inspect.map(growth)))}`,
    `heap while streaming  grows by at most ${mb(Math.max(...stream.map(growth)))} over ${mb(stream[0]?.heapBase ?? 0)}`,
    `stored           ${mb(stream[0]?.storedBytes ?? 0)}`,
    `to the GPU       ${(load.milliseconds / 1000).toFixed(1)} s for ${mb(load.bytes)}, ${speed(load).toFixed(0)} MB/s; heap grows by at most ${mb(growth(load))}`,
    `requests that carried the token: ${requestsWithToken.hub} to the Hub, ${requestsWithToken.otherOrigin} to the other origin`,
  ].join("\n");
}
