// One table of the browser's storage: text keys to plain data, over idb-keyval with a database of its own (idb-keyval
// makes one store a database). Where the browser keeps nothing, and for single values that no longer fit, the values
// live in memory for as long as the page is open, so that nothing a person made is lost at once. Knows no run.

import { clear, createStore, del, get, keys, promisifyRequest, set, type UseStore } from "idb-keyval";
import { AppError } from "../core/errors";

export class Table<T> {
  private readonly memory = new Map<string, T>();
  private readonly store: UseStore | undefined;

  /** With `isKept` false the table is in memory alone. */
  constructor(
    readonly name: string,
    isKept: boolean,
  ) {
    this.store = isKept ? createStore(`tabtune-${name}`, name) : undefined;
  }

  async get(key: string): Promise<T | undefined> {
    if (this.memory.has(key)) return this.memory.get(key);
    return this.withStore((store) => get<T>(key, store), undefined);
  }

  /** Throws `storage-full` and leaves what is there as it was. */
  async put(key: string, value: T): Promise<void> {
    if (!this.store) {
      this.memory.set(key, value);
      return;
    }
    await this.withStore((store) => set(key, value, store), undefined);
    this.memory.delete(key);
  }

  /** As `put`, and resolves only when the browser has handed the value to the disk. */
  async putDurably(key: string, value: T): Promise<void> {
    if (!this.store) return this.put(key, value);
    // idb-keyval opens transactions without options, so this one is opened beside it.
    const write = (store: UseStore): Promise<void> =>
      store("readonly", (objects) => {
        const { db } = objects.transaction;
        const transaction = db.transaction(this.name, "readwrite", { durability: "strict" });
        transaction.objectStore(this.name).put(value, key);
        return promisifyRequest(transaction) as Promise<void>;
      });
    await this.withStore(write, undefined);
    this.memory.delete(key);
  }

  /** As `put`, but what can't be kept stays in memory; then gives the reason. */
  async putOrHold(key: string, value: T): Promise<AppError | undefined> {
    try {
      await this.put(key, value);
      return undefined;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      this.memory.set(key, value);
      return error;
    }
  }

  async delete(key: string): Promise<void> {
    this.memory.delete(key);
    await this.withStore((store) => del(key, store), undefined);
  }

  /** Those that begin with `prefix`, in ascending order. */
  async keys(prefix = ""): Promise<string[]> {
    const read = (store: UseStore): Promise<string[]> =>
      store("readonly", (objects) => promisifyRequest(objects.getAllKeys(rangeOf(prefix)))) as Promise<
        string[]
      >;
    const stored = await this.withStore(read, []);
    const held = [...this.memory.keys()].filter((key) => key.startsWith(prefix));
    return [...new Set([...stored, ...held])].sort();
  }

  /** Keys that begin with `prefix`, each with its value, in ascending order. */
  async entries(prefix = ""): Promise<[string, T][]> {
    const read = async (store: UseStore): Promise<[string, T][]> =>
      store("readonly", async (objects) => {
        const range = rangeOf(prefix);
        const [found, values] = await Promise.all([
          promisifyRequest(objects.getAllKeys(range)),
          promisifyRequest<T[]>(objects.getAll(range)),
        ]);
        return found.map((key, i) => [String(key), values[i]!]);
      });
    const all = new Map(await this.withStore(read, []));
    for (const [key, value] of this.memory) if (key.startsWith(prefix)) all.set(key, value);
    return [...all].sort(([a], [b]) => (a < b ? -1 : 1));
  }

  async values(prefix = ""): Promise<T[]> {
    return (await this.entries(prefix)).map(([, value]) => value);
  }

  /** Replaces all entries whose keys begin with `prefix`, at once or not at all. */
  async replace(prefix: string, entries: readonly (readonly [string, T])[]): Promise<void> {
    const write = (store: UseStore): Promise<void> =>
      store("readwrite", (objects) => {
        objects.delete(rangeOf(prefix));
        for (const [key, value] of entries) objects.put(value, key);
        return promisifyRequest(objects.transaction) as Promise<void>;
      });
    await this.withStore(write, undefined);
    for (const key of [...this.memory.keys()]) if (key.startsWith(prefix)) this.memory.delete(key);
    if (!this.store) for (const [key, value] of entries) this.memory.set(key, value);
  }

  async clear(): Promise<void> {
    this.memory.clear();
    await this.withStore((store) => clear(store), undefined);
  }

  private async withStore<R>(use: (store: UseStore) => Promise<R>, otherwise: R): Promise<R> {
    if (!this.store) return otherwise;
    try {
      return await use(this.store);
    } catch (cause) {
      throw storageError(cause);
    }
  }
}

/** True when the browser lets this page keep anything: some private windows and embedded pages may not. */
export async function canKeep(): Promise<boolean> {
  if (typeof indexedDB === "undefined") return false;
  try {
    await keys(createStore("tabtune-settings", "settings"));
    return true;
  } catch {
    return false;
  }
}

function rangeOf(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

function storageError(cause: unknown): AppError {
  const { name, message } = cause instanceof Error ? cause : { name: "", message: String(cause) };
  if (name === "QuotaExceededError") {
    return new AppError(
      "storage-full",
      "The browser's storage for this page is full. What is stored is unharmed. Delete models, runs or adapters that you don't need, or free disk space.",
      { cause },
    );
  }
  return new AppError("storage-missing", `The browser's storage can't be used (${message || name}).`, {
    cause,
  });
}
