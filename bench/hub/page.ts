// Starts the measuring worker and hands its orders on: the worker's heap is read from outside, through the debugger.

import type { StreamOrder, StreamReply } from "./messages";

declare global {
  interface Window {
    order(order: StreamOrder): Promise<StreamReply>;
  }
}

const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "stream" });

window.order = (order) =>
  new Promise((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<StreamReply>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(order);
  });
