// Callbacks that cross to the page, at a rate that it can show. The last call is never lost.

import type { OnProgress, Progress } from "./api";

/** Passes on what arrives, joined by `join`, at most once in `milliseconds`; `flush` passes on the rest at once. */
export function throttled<T>(
  milliseconds: number,
  join: (waiting: T, next: T) => T,
  send: (value: T) => unknown,
): { readonly push: (value: T) => void; readonly flush: () => void } {
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
    tell(() => send(value));
  };
  const push = (value: T): void => {
    waiting = waiting === undefined ? value : join(waiting, value);
    if (timer !== undefined) return;
    const wait = sentAt + milliseconds - performance.now();
    if (wait <= 0) flush();
    else timer = setTimeout(flush, wait);
  };
  return { push, flush };
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

/** Calls a listener that may be gone: a page that was closed takes its end of the channel with it. */
export function tell(call: () => unknown): void {
  try {
    Promise.resolve(call()).catch(() => undefined);
  } catch {
    // What the listener does with it is its own affair.
  }
}
