// A worker that hashes, for as long as a download lasts. What can't be done there is done here.

import { addToHash, type AddToHash } from "../hub/chunk-hash";
import type { HashOrder, HashReply } from "./hash-worker";

export interface Hasher {
  readonly add: AddToHash;
  dispose(): void;
}

/** On this thread, where there are no workers. */
export function hasherHere(): Hasher {
  return { add: async (state, parts) => addToHash(state, parts), dispose: () => undefined };
}

export function hasherInWorker(): Hasher {
  const worker = new Worker(new URL("./hash-worker.ts", import.meta.url), { type: "module", name: "hash" });
  const waiting = new Map<number, { done: (words: Uint32Array) => void; failed: (error: Error) => void }>();
  let orders = 0;
  worker.onmessage = ({ data }: MessageEvent<HashReply>) => {
    waiting.get(data.id)?.done(data.words);
    waiting.delete(data.id);
  };
  worker.onerror = ({ message }) => {
    for (const { failed } of waiting.values()) failed(new Error(`the hashing worker failed (${message})`));
    waiting.clear();
  };
  return {
    add: (state, parts) =>
      new Promise((done, failed) => {
        const order: HashOrder = { id: orders++, state, parts };
        waiting.set(order.id, { done, failed });
        worker.postMessage(
          order,
          parts.map(({ buffer }) => buffer),
        );
      }),
    dispose: () => worker.terminate(),
  };
}
