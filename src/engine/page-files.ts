// Files that lie beside the page, under whatever path it is served.

import { AppError } from "../core/errors";

export class PageFiles {
  constructor(
    private readonly base: URL | Promise<URL>,
    readonly fetch: typeof globalThis.fetch = (...parameters) => globalThis.fetch(...parameters),
  ) {}

  async url(path: string): Promise<URL> {
    return new URL(path, await this.base);
  }

  /** Throws `file-missing`. */
  async bytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
    const missing = (why: string, cause?: unknown): AppError =>
      new AppError("file-missing", `${path} can't be loaded (${why}). Check the connection and try again.`, {
        cause,
      });
    const url = await this.url(path);
    const response = await this.fetch(url).catch((cause: unknown) => {
      throw missing("the server can't be reached", cause);
    });
    if (!response.ok) throw missing(`the server answered ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  async json<T>(path: string): Promise<T> {
    const text = new TextDecoder().decode(await this.bytes(path));
    try {
      return JSON.parse(text) as T;
    } catch (cause) {
      throw new AppError("file-missing", `${path} can't be loaded (the server gave something else).`, {
        cause,
      });
    }
  }
}
