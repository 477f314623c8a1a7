// Pause, continue and stop, as the person asks for them while a run is under way.

export class RunControl {
  private stopping = false;
  private paused: Promise<void> | undefined;
  private release: (() => void) | undefined;

  get stopped(): boolean {
    return this.stopping;
  }

  pause(): void {
    if (!this.paused) this.paused = new Promise((resolve) => (this.release = resolve));
  }

  continue(): void {
    this.release?.();
    this.paused = undefined;
    this.release = undefined;
  }

  /** Ends the run after the step under way; what was trained is kept. */
  stop(): void {
    this.stopping = true;
    this.continue();
  }

  /** Waits while paused; tells whether it had to. */
  async gate(): Promise<boolean> {
    const waits = this.paused !== undefined && !this.stopping;
    while (this.paused && !this.stopping) await this.paused;
    return waits;
  }
}
