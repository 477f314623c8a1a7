// Starts the worker and hands on what it says: to `report`, which the driving command puts into the page, and to the
// page itself for a person who opens it by hand. Touches no WebGPU.

import type { ParityMessage } from "./messages";

declare global {
  var report: ((message: ParityMessage) => Promise<void>) | undefined;
}

const log = document.querySelector("#log")!;
const tell = (message: ParityMessage): void => {
  log.append(`${JSON.stringify(message)}\n`);
  void globalThis.report?.(message);
};

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
worker.addEventListener("message", ({ data }: MessageEvent<ParityMessage>) => tell(data));
worker.addEventListener("error", ({ message }) =>
  tell({ kind: "broken", reason: message || "the worker did not load" }),
);
