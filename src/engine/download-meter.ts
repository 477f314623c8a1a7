// Progress of a download for people: bytes, speed over the last seconds, time left, and what is waited for.

import type { Waiting } from "../hub/hub-client";
import type { DownloadProgress } from "./api";
import { throttled } from "./throttle";

/** Over which the speed is taken. */
const WINDOW_MILLISECONDS = 8000;
const TELL_MILLISECONDS = 200;

export class DownloadMeter {
  private readonly samples: { readonly at: number; readonly done: number }[] = [];
  private readonly out;
  private last: DownloadProgress = { done: 0, total: 0, bytesPerSecond: 0, isElsewhere: false };

  constructor(
    onProgress: (progress: DownloadProgress) => unknown,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.out = throttled<DownloadProgress>(TELL_MILLISECONDS, (_, next) => next, onProgress);
  }

  here(done: number, total: number): void {
    this.tell(done, total, false);
  }

  elsewhere(done: number, total: number): void {
    this.tell(done, total, true);
  }

  wait({ reason, milliseconds }: Waiting): void {
    if (milliseconds === 0) return;
    this.last = { ...this.last, bytesPerSecond: 0, waiting: { reason, seconds: milliseconds / 1000 } };
    this.out.push(this.last);
  }

  /** Resolves when the last progress was told. */
  end(): Promise<void> {
    return this.out.settle();
  }

  private tell(done: number, total: number, isElsewhere: boolean): void {
    const at = this.now();
    this.samples.push({ at, done });
    while (this.samples.length > 2 && at - this.samples[0]!.at > WINDOW_MILLISECONDS) this.samples.shift();
    const [first] = this.samples;
    const seconds = (at - first!.at) / 1000;
    const bytesPerSecond = seconds > 0 ? Math.max(0, done - first!.done) / seconds : 0;
    const secondsLeft = bytesPerSecond > 0 ? (total - done) / bytesPerSecond : undefined;
    this.last = {
      done,
      total,
      bytesPerSecond,
      isElsewhere,
      ...(secondsLeft !== undefined && { secondsLeft }),
    };
    this.out.push(this.last);
  }
}
