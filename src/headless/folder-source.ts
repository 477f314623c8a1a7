// A model folder on disk as a ModelSource.

import { open, readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { AppError } from "../core/errors";
import type { ModelSource } from "../hub/model-source";

export function folderSource(folder: string): ModelSource {
  const name = basename(resolve(folder));
  const missing = (file: string, cause: unknown): AppError =>
    new AppError("file-missing", `${name}/${file} cannot be read (${(cause as Error).message}).`, { cause });
  return {
    name,
    async has(file) {
      return stat(join(folder, file)).then(
        (entry) => entry.isFile(),
        () => false,
      );
    },
    async text(file) {
      return readFile(join(folder, file), "utf8").catch((cause: unknown) =>
        Promise.reject(missing(file, cause)),
      );
    },
    async read(file, begin, end) {
      try {
        const handle = await open(join(folder, file));
        try {
          const bytes = new Uint8Array(end - begin);
          const { bytesRead } = await handle.read(bytes, 0, bytes.length, begin);
          return bytes.subarray(0, bytesRead);
        } finally {
          await handle.close();
        }
      } catch (cause) {
        throw missing(file, cause);
      }
    },
    async size(file) {
      const entry = await stat(join(folder, file)).catch((cause: unknown) =>
        Promise.reject(missing(file, cause)),
      );
      return entry.size;
    },
  };
}
