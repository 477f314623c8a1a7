// Speaks to one Hub: one request at a time with the errors that it may end in, and patience around it. The token goes
// to the endpoint's own origin alone: it is set on requests to the endpoint, and fetch takes it off when it follows a
// redirect to another origin. Knows nothing of models.

import { AppError } from "../core/errors";
import { parseJson } from "../core/json";
import { DEFAULT_HUB } from "../core/run-record";
import { errorOf, PermanentHubError, RetryableHubError, type Subject } from "./hub-error";

export interface HubOptions {
  /** Address of the Hub or of a mirror. */
  readonly endpoint?: string;
  /** Lives in memory alone. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
  readonly sleep?: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** A body that sends nothing for so long is given up. */
  readonly silenceMilliseconds?: number;
}

/** Why nothing arrives at the moment. */
export interface Waiting {
  readonly reason: string;
  readonly milliseconds: number;
}

export interface Patience {
  readonly signal?: AbortSignal | undefined;
  readonly onWait?: ((waiting: Waiting) => void) | undefined;
}

export interface ByteRange {
  readonly begin: number;
  readonly end: number;
  /** Bytes of the whole file, as listed. */
  readonly fileBytes: number;
}

/** Tries in a row without a byte: about a minute and a half with the waits below. */
const MOST_TRIES = 8;
const MOST_TRIES_IN_ALL = 60;
const FIRST_WAIT_MILLISECONDS = 500;
const LONGEST_WAIT_MILLISECONDS = 30_000;
/** What the server may ask for at most: its window is five minutes. */
const LONGEST_ASKED_MILLISECONDS = 6 * 60_000;
const SILENCE_MILLISECONDS = 60_000;
/** Of an answer of the API. */
const LARGEST_JSON_BYTES = 32_000_000;

export class HubClient {
  readonly endpoint: URL;
  private readonly token: string | undefined;
  private readonly fetch: typeof fetch;
  private readonly sleep: NonNullable<HubOptions["sleep"]>;
  private readonly silence: number;
  /** A limit that holds for all requests: nobody asks before it is over. */
  private pause: { readonly waiting: Waiting; readonly over: Promise<void> } | undefined;

  constructor(options: HubOptions = {}) {
    this.endpoint = parseEndpoint(options.endpoint ?? DEFAULT_HUB);
    this.token = parseToken(options.token);
    this.fetch = options.fetch ?? ((...parameters) => globalThis.fetch(...parameters));
    this.sleep = options.sleep ?? sleepOrOnline;
    this.silence = options.silenceMilliseconds ?? SILENCE_MILLISECONDS;
  }

  /** `path` begins without a slash. */
  url(path: string): URL {
    return new URL(path, this.endpoint);
  }

  /** The repository's page, for people. */
  page(repository: string): string {
    return this.url(repository).href;
  }

  /** Answer of the API, and its headers. Tries until it succeeds or patience ends. */
  async json(url: URL, subject: Subject, patience: Patience): Promise<{ body: unknown; headers: Headers }> {
    return this.persist(patience, async () => {
      const parts: Uint8Array[] = [];
      let length = 0;
      const { headers } = await this.stream(url, subject, undefined, patience.signal, (part) => {
        parts.push(part);
        length += part.length;
        if (length > LARGEST_JSON_BYTES) {
          throw new PermanentHubError(
            "hub-changed",
            `${subject.label}: the Hub's answer is longer than ${LARGEST_JSON_BYTES} bytes.`,
          );
        }
      });
      const text = new TextDecoder().decode(joined(parts, length));
      try {
        return { body: parseJson(text, subject.label, "hub-offline"), headers };
      } catch (cause) {
        // A portal of a hotel's network answers anything with a page.
        const message = `${subject.label}: ${this.endpoint.host} doesn't answer as a Hub does (no JSON). Check the endpoint's address and the connection.`;
        throw new RetryableHubError("hub-offline", message, { tries: 3 }, { cause });
      }
    });
  }

  /** Bytes [begin, end) of a file, in parts as they arrived. A broken connection goes on behind the last byte. */
  async range(
    url: URL,
    subject: Subject,
    range: ByteRange,
    { onBytes, ...patience }: Patience & { readonly onBytes?: (count: number) => void },
  ): Promise<Uint8Array[]> {
    const parts: Uint8Array[] = [];
    let at = range.begin;
    if (at >= range.end) return parts;
    await this.persist(patience, async () => {
      const before = at;
      const take = (part: Uint8Array): void => {
        const kept = part.length > range.end - at ? part.subarray(0, range.end - at) : part;
        parts.push(kept);
        at += kept.length;
        onBytes?.(kept.length);
      };
      try {
        await this.stream(url, subject, { ...range, begin: at }, patience.signal, take);
        if (at < range.end) throw broken(subject, "the answer ended early");
      } catch (error) {
        if (at >= range.end) return; // it broke behind the last byte
        if (error instanceof RetryableHubError) error.hasProgressed = at > before;
        throw error;
      }
    });
    return parts;
  }

  /** Does `work` again after a RetryableHubError, with pauses, as long as that makes sense. */
  private async persist<T>({ signal, onWait }: Patience, work: () => Promise<T>): Promise<T> {
    let inARow = 0;
    for (let tries = 1; ; tries++) {
      throwIfStopped(signal);
      if (this.pause) {
        onWait?.(this.pause.waiting);
        await stoppable(this.pause.over, signal);
      }
      try {
        return await work();
      } catch (error) {
        throwIfStopped(signal);
        if (!(error instanceof RetryableHubError)) throw error;
        const { wait: asked, isForAll, tries: most = MOST_TRIES } = error.hint;
        inARow = error.hasProgressed ? 1 : inARow + 1;
        if (inARow >= most || tries >= MOST_TRIES_IN_ALL) throw error;
        if (asked !== undefined && asked > LONGEST_ASKED_MILLISECONDS) throw error;
        const milliseconds = asked ?? waitAfter(inARow);
        const waiting = { reason: error.message, milliseconds };
        onWait?.(waiting);
        if (isForAll) await this.pauseAll(waiting, signal);
        else await this.sleep(milliseconds, signal);
      }
    }
  }

  private async pauseAll(waiting: Waiting, signal: AbortSignal | undefined): Promise<void> {
    if (!this.pause) {
      // Not tied to one caller's signal: others wait for it too.
      const over = this.sleep(waiting.milliseconds, undefined).finally(() => (this.pause = undefined));
      this.pause = { waiting, over };
    }
    await stoppable(this.pause.over, signal);
  }

  /** One request; its body goes to `take`, part by part. Throws RetryableHubError, PermanentHubError or `stopped`. */
  private async stream(
    url: URL,
    subject: Subject,
    range: ByteRange | undefined,
    signal: AbortSignal | undefined,
    take: (part: Uint8Array) => void,
  ): Promise<{ headers: Headers }> {
    const abort = new AbortController();
    const stop = (): void => abort.abort();
    signal?.addEventListener("abort", stop);
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isSilent = false;
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(() => {
        isSilent = true;
        stop();
      }, this.silence);
    };
    alive();
    try {
      const response = await this.send(url, range, abort.signal);
      const isElsewhere = response.url !== "" && new URL(response.url).origin !== this.endpoint.origin;
      if (response.status === 416) throw this.changed(subject, "it is shorter than listed");
      if (!response.ok) {
        const page = this.page(subject.repository);
        throw errorOf(response, subject, { page, hasToken: this.token !== undefined, isElsewhere });
      }
      if (range) this.checkRange(response, range, subject);
      const reader = response.body?.getReader();
      for (; reader; alive()) {
        const { done, value } = await reader.read();
        if (done) break;
        take(value);
      }
      return { headers: response.headers };
    } catch (cause) {
      throwIfStopped(signal);
      if (cause instanceof AppError) throw cause;
      const why = isSilent
        ? `nothing came for ${Math.round(this.silence / 1000)} s`
        : cause instanceof Error
          ? cause.message
          : String(cause);
      throw broken(subject, why, cause);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      stop(); // gives up what is left of a body that is of no use
    }
  }

  private send(url: URL, range: ByteRange | undefined, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = {};
    if (this.token !== undefined && url.origin === this.endpoint.origin) {
      headers["Authorization"] = `Bearer ${this.token}`;
    }
    if (range) headers["Range"] = `bytes=${range.begin}-${range.end - 1}`;
    return this.fetch(url, {
      headers,
      signal,
      credentials: "omit",
      // Some origins get answers without CORS headers because of their Referer.
      referrerPolicy: "no-referrer",
      // Chunks are kept in IndexedDB; a second copy in the browser's cache is of no use.
      cache: "no-store",
    });
  }

  private checkRange({ status, headers }: Response, range: ByteRange, subject: Subject): void {
    if (status === 200) {
      if (range.begin === 0 && range.end === range.fileBytes) return;
      const message = `${subject.label}: the server sends whole files only, where parts are needed. A mirror or proxy that knows no ranges can't be used.`;
      throw new RetryableHubError("hub-changed", message, { tries: 3 });
    }
    // Cross-origin it may be hidden; lengths and hashes are checked in any case.
    const given = headers.get("content-range");
    if (given === null) return;
    const [, begin, end, size] = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(given.trim()) ?? [];
    if (size !== undefined && size !== "*" && Number(size) !== range.fileBytes) {
      throw this.changed(subject, `it has ${size} bytes, ${range.fileBytes} are listed`);
    }
    if (Number(begin) === range.begin && Number(end) < range.end) return;
    throw new RetryableHubError(
      "hub-changed",
      `${subject.label}: asked for bytes ${range.begin} to ${range.end - 1}, the server answers with ${JSON.stringify(given.slice(0, 60))}. A proxy on the way mixes answers up.`,
      { tries: 3 },
    );
  }

  private changed({ label }: Subject, how: string): RetryableHubError {
    return new RetryableHubError(
      "hub-changed",
      `${label}: the file has changed since it was listed (${how}). Inspect the repository again to get it as it is now.`,
      { tries: 2 },
    );
  }
}

export function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** An address with a slash at its end. Throws `bad-config`. */
export function parseEndpoint(text: string): URL {
  const wrong = (why: string): AppError =>
    new AppError(
      "bad-config",
      `The Hub's address is ${JSON.stringify(text.slice(0, 200))}: ${why}. Give one such as ${DEFAULT_HUB}.`,
    );
  let url: URL;
  try {
    url = new URL(text.trim());
  } catch {
    throw wrong("that is no web address");
  }
  const isHere = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && isHere)) {
    throw wrong("it must begin with https:// (http:// is for this computer alone)");
  }
  if (url.username || url.password) throw wrong("a name or password in it would be shown; give a token");
  if (url.search || url.hash) throw wrong("it ends with a query");
  url.pathname = url.pathname.replace(/\/*$/, "/");
  return url;
}

function parseToken(token: string | undefined): string | undefined {
  const text = token?.trim();
  if (!text) return undefined;
  if (/^[\x21-\x7e]{1,500}$/.test(text)) return text;
  throw new AppError("bad-config", "The token holds characters that no token has. Copy it again.");
}

export function stopped(): AppError {
  return new AppError("stopped", "The download was stopped. What has arrived is kept.");
}

function throwIfStopped(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw stopped();
}

function broken({ label }: Subject, why: string, cause?: unknown): RetryableHubError {
  return new RetryableHubError(
    "hub-offline",
    `${label} can't be fetched: the connection to the Hub fails (${why}). Check the connection and continue; what has arrived is kept.`,
    {},
    { cause },
  );
}

/** Doubles from try to try; spread, so that many tabs don't come back at the same moment. */
function waitAfter(tries: number): number {
  const most = Math.min(LONGEST_WAIT_MILLISECONDS, FIRST_WAIT_MILLISECONDS * 2 ** (tries - 1));
  return most * (0.75 + Math.random() / 4);
}

/** Resolves early when the connection is back. Rejects with `stopped`. */
function sleepOrOnline(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer);
      globalThis.removeEventListener?.("online", end);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(stopped());
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    globalThis.addEventListener?.("online", end);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
  });
}

async function stoppable(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return work;
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(stopped());
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
  });
  try {
    await Promise.race([work, aborted]);
  } finally {
    if (stop) signal.removeEventListener("abort", stop);
  }
}
