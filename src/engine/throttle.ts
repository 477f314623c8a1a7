// Callbacks that cross to the page, at a rate that it can show. The last call is never lost.

import type { OnProgress, Progress } from "./api";

export interface Throttled<T> {
  push(value: T): void;
  /** Passes on what waits, at once. */
  flush(): void;
  /**
   * Flushes and waits until the listener has got all of it. A callback and a result cross on two channels, so a result
   * sent right behind the last callback may arrive before it.
   */
  settle(): Promise<void>;
}

/** A listener that takes longer to answer is not waited for. */
const SETTLE_MILLISECONDS = 1000;

/** Passes on what arrives, joined by `join`, at most once in `milliseconds`. */
export function throttled<T>(
  milliseconds: number,
  join: (waiting: T, next: T) => T,
  send: (value: T) => unknown,
): Throttled<T> {
  let last: Promise<unknown> = Promise.resolve();
  let waiting: T | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let sentAt = -Infinity;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (waiting === undefined) return;
    const value = waiting;
    waiting = undefined;
    sentAt = performance.now();
    last = tell(() => send(value));
  };
  const push = (value: T): void => {
    waiting = waiting === undefined ? value : join(waiting, value);
    if (timer !== undefined) return;
    const wait = sentAt + milliseconds - performance.now();
    if (wait <= 0) flush();
    else timer = setTimeout(flush, wait);
  };
  const settle = async (): Promise<void> => {
    flush();
    let late: ReturnType<typeof setTimeout> | undefined;
    await Promise.race([last, new Promise((resolve) => (late = setTimeout(resolve, SETTLE_MILLISECONDS)))]);
    clearTimeout(late);
  };
  return { push, flush, settle };
}

const PROGRESS_MILLISECONDS = 100;

/** Progress at most ten times a second, and whenever the task changes or is done. */
export function throttledProgress(onProgress: OnProgress | undefined): OnProgress {
  if (!onProgress) return () => undefined;
  const { push, flush } = throttled<Progress>(PROGRESS_MILLISECONDS, (_, next) => next, onProgress);
  let task: string | undefined;
  return (progress) => {
    if (progress.task !== task) flush();
    task = progress.task;
    push(progress);
    if (progress.total > 0 && progress.done >= progress.total) flush();
  };
}

/** Calls a listener that may be gone, or fail: what it does with the news is its own affair. Never rejects. */
export async function tell(call: () => unknown): Promise<void> {
  try {
    await call();
  } catch {
    // Its own affair.
  }
}
