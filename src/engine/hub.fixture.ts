// Engines over the local Hub of e2e/hub, for tests: small chunks, no waiting, and Web Locks that several engines of one
// process share, as tabs do.

import { folderFiles, generatedModel, memoryFile, type HubFile } from "../../e2e/hub/repository.js";
import { AppError } from "../core/errors";
import { Engine, type EngineParts } from "./engine";
import { fetchPublic, pageBase } from "./page-folder.fixture";

export const builtInFiles = folderFiles("public/models/tabtune-3m");
export const tokenizerFiles = builtInFiles.filter(({ path }) => /token|template|generation/.test(path));

export const tinyShape = {
  layers: 3,
  hidden: 64,
  feedForward: 128,
  heads: 4,
  keyValueHeads: 2,
  vocabulary: 4096,
  shards: 3,
};

/** About 0.8 MB in three shards, with the built-in model's tokenizer. */
export function tinyModel(changes: Partial<typeof tinyShape & { seed: number }> = {}): HubFile[] {
  return generatedModel({ ...tinyShape, ...changes }, tokenizerFiles);
}

/** A tokenizer that knows the letters; opens at once. */
export const letterTokenizer = memoryFile(
  "tokenizer.json",
  JSON.stringify({
    added_tokens: [{ id: 26, content: "<end>", special: true, normalized: false }],
    model: {
      type: "BPE",
      vocab: Object.fromEntries(Array.from({ length: 26 }, (_, i) => [String.fromCharCode(97 + i), i])),
      merges: [],
    },
  }),
);

/** `files` with some replaced, added, or (undefined) taken away. */
export function withFiles(
  files: readonly HubFile[],
  changes: Readonly<Record<string, string | Uint8Array | undefined>>,
): HubFile[] {
  const kept = files.filter(({ path }) => !Object.hasOwn(changes, path));
  const added = Object.entries(changes).flatMap(([path, content]) =>
    content === undefined ? [] : [memoryFile(path, content)],
  );
  return [...kept, ...added];
}

export const CHUNK = 64 * 1024;

export function hubEngine(parts: Partial<EngineParts> = {}): Engine {
  const openGpu = () => Promise.reject(new AppError("webgpu-missing", "This browser has no WebGPU."));
  return new Engine({
    openGpu,
    base: pageBase,
    fetch: fetchPublic,
    ...parts,
    hub: { chunkBytes: CHUNK, lookMilliseconds: 5, sleep: () => Promise.resolve(), ...parts.hub },
  });
}

/** The part of the Web Locks API that Locks uses. `closeTab` gives back what one tab holds. */
export class SharedLocks {
  private readonly held = new Map<string, { mode: LockMode; tab: string; release: () => void }[]>();

  manager(tab: string): LockManager {
    const request = async (
      name: string,
      { mode = "exclusive" }: LockOptions,
      use: (lock: Lock | null) => Promise<void> | undefined,
    ): Promise<void> => {
      const holders = this.held.get(name) ?? [];
      if (holders.length > 0 && (mode === "exclusive" || holders.some((h) => h.mode === "exclusive"))) {
        return use(null);
      }
      let release = (): void => undefined;
      const closed = new Promise<void>((resolve) => (release = resolve));
      const entry = { mode, tab, release };
      this.held.set(name, [...holders, entry]);
      await Promise.race([use({ name, mode } as Lock), closed]);
      this.held.set(
        name,
        this.held.get(name)!.filter((other) => other !== entry),
      );
    };
    const query = async (): Promise<LockManagerSnapshot> => ({
      held: [...this.held].flatMap(([name, holders]) => holders.map(({ mode }) => ({ name, mode }))),
      pending: [],
    });
    return { request, query } as unknown as LockManager;
  }

  closeTab(tab: string): void {
    for (const holders of this.held.values()) {
      for (const holder of holders) if (holder.tab === tab) holder.release();
    }
  }
}
