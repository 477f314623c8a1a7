// Web Locks: what tells that a run or a dataset is in use by some tab. A lock goes with its tab, however that ends.
// Without them (Node, insecure pages) only this engine's own locks are known.

export type Unlock = () => void;

export class Locks {
  private readonly own = new Map<string, number>();

  constructor(private readonly manager: LockManager | undefined) {}

  /** Takes the lock, or gives undefined when it is held in a way that excludes it. Shared holders do not exclude each other. */
  async take(name: string, mode: LockMode): Promise<Unlock | undefined> {
    const count = this.own.get(name) ?? 0;
    if (!this.manager) {
      if (count > 0 && mode === "exclusive") return undefined;
      this.own.set(name, count + 1);
      return once(() => this.own.set(name, this.own.get(name)! - 1));
    }
    const { manager } = this;
    return new Promise((resolve, reject) => {
      const held = (lock: Lock | null): Promise<void> | undefined => {
        if (!lock) {
          resolve(undefined);
          return undefined;
        }
        return new Promise((release) => resolve(once(release)));
      };
      manager.request(name, { mode, ifAvailable: true }, held).catch(reject);
    });
  }

  async isHeld(name: string): Promise<boolean> {
    return (await this.heldNames()).has(name);
  }

  async heldNames(): Promise<ReadonlySet<string>> {
    if (!this.manager) return new Set([...this.own].filter(([, count]) => count > 0).map(([name]) => name));
    const { held = [] } = await this.manager.query();
    return new Set(held.map(({ name }) => name!));
  }
}

export function runLock(run: string): string {
  return `tabtune-run-${run}`;
}

export function datasetLock(sha256: string): string {
  return `tabtune-dataset-${sha256}`;
}

/** `model` is its referenceKey. */
export function downloadLock(model: string): string {
  return `${DOWNLOAD_LOCKS}${model}`;
}

export const DOWNLOAD_LOCKS = "tabtune-download-";

function once(release: () => void): Unlock {
  let isReleased = false;
  return () => {
    if (!isReleased) release();
    isReleased = true;
  };
}
