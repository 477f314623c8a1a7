// A model folder on the page's own server. A static server answers a missing file with an error or with the page, so
// the files and their sizes are given beforehand. Each is fetched whole, once, and its length compared.

import { AppError } from "../core/errors";
import type { ModelSource } from "./model-source";

export interface ListedFile {
  readonly file: string;
  readonly bytes: number;
}

export interface WebSourceOptions {
  readonly fetch?: typeof fetch;
  /** Bytes of all files asked for so far. */
  readonly onBytes?: (received: number) => void;
}

/** `folder` ends with a slash. */
export function webSource(
  name: string,
  folder: URL,
  files: readonly ListedFile[],
  options: WebSourceOptions = {},
): ModelSource {
  const sizes = new Map(files.map(({ file, bytes }) => [file, bytes]));
  const fetched = new Map<string, Promise<Uint8Array>>();
  let received = 0;
  const sizeOf = (file: string): number => {
    const bytes = sizes.get(file);
    if (bytes === undefined)
      throw new AppError("file-missing", `${name}/${file}: the model has no such file.`);
    return bytes;
  };
  const whole = (file: string): Promise<Uint8Array> => {
    const known = fetched.get(file);
    if (known) return known;
    const bytes = fetchBytes(new URL(file, folder), sizeOf(file), `${name}/${file}`, options.fetch, (count) =>
      options.onBytes?.((received += count)),
    );
    fetched.set(file, bytes);
    bytes.catch(() => fetched.delete(file)); // a later call tries again
    return bytes;
  };
  return {
    name,
    has: async (file) => sizes.has(file),
    text: async (file) => new TextDecoder().decode(await whole(file)),
    read: async (file, begin, end) => (await whole(file)).slice(begin, end),
    size: async (file) => sizeOf(file),
  };
}

async function fetchBytes(
  url: URL,
  size: number,
  label: string,
  fetchFile: typeof fetch = (...parameters) => fetch(...parameters),
  onBytes: (count: number) => void,
): Promise<Uint8Array> {
  const missing = (why: string, cause?: unknown): AppError =>
    new AppError(
      "file-missing",
      `${label} can't be loaded (${why}). Check the connection and try again.`,
      cause === undefined ? {} : { cause },
    );
  let response: Response;
  try {
    response = await fetchFile(url);
  } catch (cause) {
    throw missing("the server can't be reached", cause);
  }
  if (!response.ok || !response.body) throw missing(`the server answered ${response.status}`);
  const bytes = new Uint8Array(size);
  let length = 0;
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw missing("the connection broke", cause);
    });
    if (done) break;
    if (length + value.length <= size) bytes.set(value, length);
    length += value.length;
    onBytes(value.length);
  }
  if (length !== size) throw missing(`got ${length} bytes, need ${size}`);
  return bytes;
}
