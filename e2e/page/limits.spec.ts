// What the page promises about itself: nothing leaves it, it is light, it stays free, it gives memory back.

import { expect, test, type CDPSession, type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gzipSync } from "node:zlib";
import { ask, expectRows, expectStep, goTo, openDatasetFile, openPage, startRun, textFile } from "./person";

const data = textFile(
  "small.jsonl",
  [1, 2, 3, 4].map((i) => JSON.stringify({ prompt: `${i}?`, completion: `${i}` })).join("\n"),
);
/** Longest task of the page's thread while training, in milliseconds. */
const LONGEST_TASK = 50;
/** Compressed script before the engine is needed, in bytes. */
const MOST_SCRIPT = 350 * 1024;
/** What the Worker's heap may keep after ten cycles, in bytes: lists of runs and adapters grow, weights don't stay. */
const KEPT_HEAP = 2_000_000;

test("no request leaves the page's own origin, from the page or the Worker", async ({ page, baseURL }) => {
  // Another origin that would answer anybody, and counts who asks.
  const asked: string[] = [];
  const stranger = createServer((request, response) => {
    asked.push(request.url ?? "");
    response.writeHead(200, { "Access-Control-Allow-Origin": "*" }).end();
  });
  await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  const elsewhere = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
  const requested = new Set<string>();
  page.on("request", (request) => requested.add(new URL(request.url()).origin));
  try {
    await openPage(page);
    await openDatasetFile(page, data);
    await expectRows(page, 4);
    await startRun(page, { Steps: 2 });
    await expect(page.getByText("Finished 2 steps.")).toBeVisible({ timeout: 60_000 });
    await page.getByRole("button", { name: "Chat before and after" }).click();
    await ask(page, `![picture](${elsewhere}/a.png) <img src=${elsewhere}/b.png>`);
    await goTo(page, "Export");
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: /^Download small/ }).click();
    await download;
    expect([...requested].filter((origin) => origin !== "null")).toEqual([new URL(baseURL!).origin]);

    // What a script that got in would try.
    const refused = await page.evaluate(async (target) => {
      const directives: string[] = [];
      document.addEventListener("securitypolicyviolation", (event) =>
        directives.push(event.effectiveDirective),
      );
      await fetch(`${target}/fetch`).catch(() => undefined);
      new Image().src = `${target}/image.png`;
      const script = document.createElement("script");
      script.textContent = "document.title = 'injected'";
      document.head.append(script);
      const frame = document.createElement("iframe");
      frame.src = `${target}/frame`;
      document.body.append(frame);
      await new Promise((resolve) => setTimeout(resolve, 500));
      return directives;
    }, elsewhere);
    expect(refused).toEqual(
      expect.arrayContaining(["connect-src", "img-src", "script-src-elem", "frame-src"]),
    );
    expect(await page.title()).not.toBe("injected");
    const [worker] = page.workers();
    await worker!.evaluate((target) => fetch(`${target}/worker`).catch(() => undefined), elsewhere);
    expect(asked).toEqual([]);
  } finally {
    stranger.close();
  }
});

test("the first load brings less than 350 kB of compressed script", async ({ page }) => {
  const sizes = new Map<string, number>();
  page.on("response", (response) => {
    const url = response.url();
    if (!/\.js$/.test(new URL(url).pathname) || /worker/.test(url)) return;
    void response.body().then((body) => sizes.set(url, gzipSync(body).length));
  });
  await page.goto("./");
  await expect(page.getByRole("button", { name: "Try it with the sample" })).toBeVisible();
  await page.waitForTimeout(1000);
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  expect(sizes.size).toBeGreaterThan(0);
  console.log(`first load: ${(total / 1024).toFixed(0)} KiB of compressed script`);
  expect(total).toBeLessThan(MOST_SCRIPT);
});

test("the page's thread stays free while training", async ({ page, browser }, info) => {
  await openPage(page);
  await openDatasetFile(page, data);
  await expectRows(page, 4);
  await startRun(page, { Steps: 1000 });
  const path = info.outputPath("trace.json");
  await browser.startTracing(page, {
    path,
    categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline", "__metadata"],
  });
  const begin = await page.evaluate(() => performance.now());
  await expectStep(page, 15);
  await page.waitForTimeout(3000);
  const seconds = ((await page.evaluate(() => performance.now())) - begin) / 1000;
  await browser.stopTracing();
  const tasks = pageTasks(JSON.parse(readFileSync(path, "utf8")) as Trace, page.url());
  // Time on the processor: on two cores that compute the training itself, a task also waits for its turn.
  const longest = Math.max(...tasks.map(({ tdur = 0 }) => tdur / 1000));
  const longestWall = Math.max(...tasks.map(({ dur = 0 }) => dur / 1000));
  console.log(
    `${tasks.length} tasks in ${seconds.toFixed(0)} s, the longest ${longest.toFixed(1)} ms (${longestWall.toFixed(1)} ms with waiting)`,
  );
  expect(tasks.length).toBeGreaterThan(50);
  expect(longest).toBeLessThan(LONGEST_TASK);
});

test("ten times train and chat leave no memory behind", async ({ page }) => {
  test.setTimeout(600_000);
  await openPage(page);
  await openDatasetFile(page, data);
  await expectRows(page, 4);
  const heap = await workerHeap(page);
  const cycle = async (): Promise<void> => {
    await startRun(page, { Steps: 2 });
    await expect(page.getByText("Finished 2 steps.")).toBeVisible({ timeout: 60_000 });
    await page.getByRole("button", { name: "Chat before and after" }).click();
    await ask(page, "Hello");
  };
  await cycle();
  await cycle();
  const base = await heap();
  for (let i = 0; i < 10; i++) await cycle();
  const after = await heap();
  console.log(
    `the Worker's heap: ${(base / 1e6).toFixed(1)} MB, after ten cycles ${(after / 1e6).toFixed(1)} MB`,
  );
  expect(after - base).toBeLessThan(KEPT_HEAP);
});

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly dur?: number;
  /** Microseconds on the processor. */
  readonly tdur?: number;
  readonly args?: {
    readonly name?: string;
    readonly data?: { readonly frames?: readonly { url: string; processId: number }[] };
  };
}

interface Trace {
  readonly traceEvents: readonly TraceEvent[];
}

/** Tasks of the main thread of the process that draws this page. */
function pageTasks({ traceEvents }: Trace, url: string): TraceEvent[] {
  const process = traceEvents
    .flatMap(({ name, args }) => (name === "TracingStartedInBrowser" ? (args?.data?.frames ?? []) : []))
    .find((frame) => frame.url.split("#")[0] === url.split("#")[0])?.processId;
  const thread = traceEvents.find(
    ({ name, pid, args }) => name === "thread_name" && pid === process && args?.name === "CrRendererMain",
  )?.tid;
  expect(thread, "the page's thread is in the trace").toBeDefined();
  return traceEvents.filter(
    ({ name, ph, pid, tid }) =>
      pid === process &&
      tid === thread &&
      ph === "X" &&
      (name === "RunTask" || name === "ThreadControllerImpl::RunTask"),
  );
}

/** Bytes that the engine's Worker holds in JavaScript, array buffers included, after the garbage was collected. */
async function workerHeap(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  const worker = await attachToWorker(session);
  return async () => {
    await page.waitForTimeout(1000);
    await worker("HeapProfiler.collectGarbage");
    const { usedSize, backingStorageSize } = (await worker("Runtime.getHeapUsage")) as {
      usedSize: number;
      backingStorageSize: number;
    };
    return usedSize + backingStorageSize;
  };
}

async function attachToWorker(session: CDPSession): Promise<(method: string) => Promise<unknown>> {
  const attached = new Promise<string>((resolve) =>
    session.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
      if (targetInfo.type === "worker") resolve(sessionId);
    }),
  );
  await session.send("Target.setAutoAttach", {
    autoAttach: true,
    waitForDebuggerOnStart: false,
    flatten: false,
  });
  const sessionId = await attached;
  let next = 1;
  return (method) => {
    const id = next++;
    const answer = new Promise((resolve) => {
      const onMessage = ({ message }: { message: string }): void => {
        const { id: answered, result } = JSON.parse(message) as { id?: number; result: unknown };
        if (answered !== id) return;
        session.off("Target.receivedMessageFromTarget", onMessage);
        resolve(result);
      };
      session.on("Target.receivedMessageFromTarget", onMessage);
    });
    void session.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method }) });
    return answer;
  };
}
