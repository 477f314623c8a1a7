// A model folder behind a URL as a ModelSource, for test folders of a few hundred kilobytes: each file is fetched
// whole, once.

import { AppError } from "../../src/core/errors";
import type { ModelSource } from "../../src/hub/model-source";

export function fetchedFolder(url: string): ModelSource {
  const files = new Map<string, Promise<Uint8Array | undefined>>();
  const fetched = (file: string): Promise<Uint8Array | undefined> => {
    const known = files.get(file) ?? fetchFile(`${url}/${file}`);
    files.set(file, known);
    return known;
  };
  const name = url.split("/").at(-1)!;
  const needed = async (file: string): Promise<Uint8Array> => {
    const bytes = await fetched(file);
    if (!bytes) throw new AppError("file-missing", `${name}/${file} is not on the server.`);
    return bytes;
  };
  return {
    name,
    has: async (file) => (await fetched(file)) !== undefined,
    text: async (file) => new TextDecoder().decode(await needed(file)),
    read: async (file, begin, end) => (await needed(file)).slice(begin, end),
    size: async (file) => (await needed(file)).length,
  };
}

async function fetchFile(url: string): Promise<Uint8Array | undefined> {
  const response = await fetch(url);
  if (response.status === 404) return undefined;
  if (!response.ok) throw new AppError("file-missing", `${url}: the server answers ${response.status}.`);
  return new Uint8Array(await response.arrayBuffer());
}
