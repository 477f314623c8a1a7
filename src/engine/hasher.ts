// Workers that hash, for as long as a download lasts; under Node the thread itself.

import { addToHash, type AddToHash, type HashState } from "../hub/chunk-hash";
import type { HashOrder, HashReply } from "./hash-worker";

export interface Hasher {
  readonly add: AddToHash;
  dispose(): void;
}

/** On this thread, where there are no workers. */
export function hasherHere(): Hasher {
  return { add: async (state, parts) => addToHash(state, parts), dispose: () => undefined };
}

/** Files are hashed side by side; one file's chunks only one after the other. */
const MOST_WORKERS = 4;

/** As many workers as there are orders at once, and processors. */
export function hasherInWorkers(): Hasher {
  const workers: HashingWorker[] = [];
  const most = Math.min(MOST_WORKERS, navigator.hardwareConcurrency);
  const idlest = (): HashingWorker => {
    const idle = workers.find(({ orders }) => orders === 0);
    if (idle) return idle;
    if (workers.length < most) {
      workers.push(new HashingWorker());
      return workers.at(-1)!;
    }
    return workers.reduce((a, b) => (b.orders < a.orders ? b : a));
  };
  return {
    add: (state, parts) => idlest().add(state, parts),
    dispose: () => workers.forEach((worker) => worker.dispose()),
  };
}

class HashingWorker {
  private readonly worker = new Worker(new URL("./hash-worker.ts", import.meta.url), {
    type: "module",
    name: "hash",
  });
  private readonly waiting = new Map<number, Waiter>();
  private next = 0;

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<HashReply>) => {
      this.waiting.get(data.id)?.resolve(data.words);
      this.waiting.delete(data.id);
    };
    this.worker.onerror = ({ message }) => {
      for (const { reject } of this.waiting.values()) reject(new Error(`hashing failed (${message})`));
      this.waiting.clear();
    };
  }

  get orders(): number {
    return this.waiting.size;
  }

  add(state: HashState, parts: readonly Uint8Array[]): Promise<Uint32Array> {
    const order: HashOrder = { id: this.next++, state, parts };
    return new Promise((resolve, reject) => {
      this.waiting.set(order.id, { resolve, reject });
      this.worker.postMessage(
        order,
        parts.map(({ buffer }) => buffer),
      );
    });
  }

  dispose(): void {
    this.worker.terminate();
  }
}

interface Waiter {
  resolve(words: Uint32Array): void;
  reject(error: Error): void;
}
