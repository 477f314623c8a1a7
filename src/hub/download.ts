// Fetches a model's files into a chunk store: several ranged requests at once, each chunk stored as soon as it is
// whole, each file's SHA-256 made as its chunks arrive. What the store holds is never asked for again, so a download
// that was paused or cut off goes on where it was. Knows nothing of IndexedDB.
//
// Only whole files have a listed hash. When it is wrong, the file's chunks are fetched once more, one after the other,
// and compared; where two copies differ, a third one decides. It ends as soon as the hash is right.

import { AppError } from "../core/errors";
import { ChunkHash, type AddToHash } from "./chunk-hash";
import { joined, stopped, type HubClient, type Patience } from "./hub-client";
import { fileUrl, type RepositoryFile } from "./repository";
import { isAsListed, wrongHash, type AtCommit } from "./verified-file";

/** Where chunks are kept, by file and number. Every chunk but a file's last has `chunkBytes` bytes. */
export interface ChunkStore {
  chunkNumbers(path: string): Promise<ReadonlySet<number>>;
  /** Undefined when it is not there, or can't be read any more. */
  chunk(path: string, number: number): Promise<Uint8Array | undefined>;
  /** Resolves when it is stored. Throws `storage-full`. */
  putChunk(path: string, number: number, content: Blob): Promise<void>;
  dropFile(path: string): Promise<void>;
  hashState(path: string): Promise<Uint32Array | undefined>;
  putHashState(path: string, state: Uint32Array): Promise<void>;
  /** The file is whole and its hash is right. */
  isVerified(path: string): Promise<boolean>;
  putVerified(path: string): Promise<void>;
}

export interface DownloadOptions extends Patience {
  /** Bytes of the model that are here, fetched now or earlier. */
  readonly onBytes?: ((present: number) => void) | undefined;
  /** Requests at once. */
  readonly connections?: number;
  /** A multiple of 64. */
  readonly chunkBytes: number;
  /** Where hashing is done; on this thread when absent. */
  readonly addToHash?: AddToHash | undefined;
}

/** Of a request: few enough requests for the Hub's limit, small enough to be fetched again. */
export const CHUNK_BYTES = 16 * 1024 * 1024;
const CONNECTIONS = 4;
/** Chunks in memory beyond those that are arriving: they wait to be hashed. */
const MOST_WAITING = 2;

/**
 * Resolves when all `files` are stored and verified. Throws `stopped`, `storage-full` and the client's errors; what has
 * been stored stays.
 */
export async function download(
  client: HubClient,
  at: AtCommit,
  files: readonly RepositoryFile[],
  store: ChunkStore,
  options: DownloadOptions,
): Promise<void> {
  const { connections = CONNECTIONS, signal } = options;
  const abort = new AbortController();
  const stop = (): void => abort.abort();
  signal?.addEventListener("abort", stop);
  if (signal?.aborted) stop();
  try {
    // The first error ends all; they have come to rest before it is thrown.
    const failures: unknown[] = [];
    const fail = (error: unknown): void => {
      failures.push(error);
      stop();
    };
    const places = new Places(connections + MOST_WAITING, abort.signal);
    const transfers: FileTransfer[] = [];
    for (const file of files) {
      const transfer = new FileTransfer(client, at, file, store, {
        ...options,
        signal: abort.signal,
        places,
        onHashingFailed: fail,
      });
      await transfer.open();
      transfers.push(transfer);
    }
    const progress = (): void =>
      options.onBytes?.(transfers.reduce((sum, { presentBytes }) => sum + presentBytes, 0));
    progress();
    // Files take turns, so that several are hashed at once.
    const jobs = transfers
      .flatMap((transfer) => transfer.missing().map((number) => ({ transfer, number })))
      .sort((a, b) => a.number - b.number);
    const work = async (): Promise<void> => {
      while (jobs.length > 0) {
        await places.take();
        const job = jobs.shift();
        if (!job) return places.giveBack();
        await job.transfer.fetchChunk(job.number, progress);
      }
    };
    await Promise.all(Array.from({ length: connections }, () => work().catch(fail)));
    for (const transfer of transfers) {
      if (failures.length === 0) await transfer.finish(progress).catch(fail);
    }
    // Nothing may still be written when the caller hears of the end.
    await Promise.all(transfers.map((transfer) => transfer.settled()));
    if (failures.length > 0) throw signal?.aborted ? stopped() : failures[0];
  } finally {
    signal?.removeEventListener("abort", stop);
    stop();
  }
}

/** So many chunks may be in memory: who wants to fetch one more waits until another one is hashed. */
class Places {
  private readonly waiting: (() => void)[] = [];

  constructor(
    private free: number,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => this.waiting.splice(0).forEach((wake) => wake()));
  }

  /** Resolves at once, though no place is free, when the download has ended. */
  async take(): Promise<void> {
    while (this.free === 0 && !this.signal.aborted) {
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
    this.free--;
  }

  giveBack(): void {
    this.free++;
    this.waiting.shift()?.();
  }
}

interface TransferOptions extends DownloadOptions {
  readonly places: Places;
  /** Without the hash nothing would give a place back. */
  readonly onHashingFailed: (error: unknown) => void;
}

class FileTransfer {
  private present = new Set<number>();
  private isVerified = false;
  private hash: ChunkHash;
  /** Bytes of chunks under way. */
  private arriving = 0;
  /** Arrived chunks that wait to be hashed. */
  private readonly held = new Map<number, readonly Uint8Array[]>();
  private hashing: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: HubClient,
    private readonly at: AtCommit,
    private readonly file: RepositoryFile,
    private readonly store: ChunkStore,
    private readonly options: TransferOptions,
  ) {
    this.hash = new ChunkHash(file.size, options.chunkBytes, undefined, options.addToHash);
  }

  get presentBytes(): number {
    let bytes = this.arriving;
    for (const number of this.present) bytes += this.lengthOf(number);
    return bytes;
  }

  async open(): Promise<void> {
    const { path, size } = this.file;
    this.present = new Set(await this.store.chunkNumbers(path));
    this.isVerified = this.missing().length === 0 && (await this.store.isVerified(path));
    if (this.isVerified || this.file.sha256 === undefined) return;
    const { chunkBytes, addToHash } = this.options;
    this.hash = new ChunkHash(size, chunkBytes, await this.store.hashState(path), addToHash);
    // The state may have been kept though a chunk was not: a crash may lose either.
    this.hash.rewind(this.missing()[0] ?? this.wholeChunks);
  }

  missing(): number[] {
    return Array.from({ length: this.chunks }, (_, number) => number).filter(
      (number) => !this.present.has(number),
    );
  }

  async fetchChunk(number: number, onProgress: () => void): Promise<void> {
    const parts = await this.fetch(number, (count) => {
      this.arriving += count;
      onProgress();
    });
    const stored = this.store.putChunk(this.file.path, number, new Blob(parts as BlobPart[]));
    // Chunks begin in order, so the ones before it are here or on their way.
    const isHashed = this.file.sha256 !== undefined && number < this.wholeChunks;
    if (isHashed) this.held.set(number, parts);
    this.hashBeside(); // while the browser writes
    await stored;
    this.arriving -= this.lengthOf(number);
    this.present.add(number);
    this.hashBeside();
    if (!isHashed) this.options.places.giveBack();
  }

  /** Compares the hash; fetches again what is wrong. */
  async finish(onProgress: () => void): Promise<void> {
    if (this.isVerified) return;
    await this.hashNext();
    if (!(await this.isRight())) await this.repair(onProgress);
    await this.store.putVerified(this.file.path);
    this.isVerified = true;
  }

  /** Resolves when nothing is being hashed. */
  settled(): Promise<void> {
    return this.hashing;
  }

  private get chunks(): number {
    return Math.ceil(this.file.size / this.options.chunkBytes);
  }

  /** Chunks of full length: all but perhaps the last. */
  private get wholeChunks(): number {
    return Math.floor(this.file.size / this.options.chunkBytes);
  }

  private lengthOf(number: number): number {
    const { chunkBytes } = this.options;
    return Math.min(chunkBytes, this.file.size - number * chunkBytes);
  }

  private fetch(number: number, onBytes: (count: number) => void): Promise<Uint8Array[]> {
    const { repository, commit } = this.at;
    const { path, size } = this.file;
    const begin = number * this.options.chunkBytes;
    const { signal, onWait } = this.options;
    return this.client.range(
      fileUrl(this.client, repository, commit, path),
      { label: `${repository}/${path}`, repository, revision: commit, file: path },
      { begin, end: begin + this.lengthOf(number), fileBytes: size },
      { signal, onWait, onBytes },
    );
  }

  private hashBeside(): void {
    this.hashNext().catch(this.options.onHashingFailed);
  }

  /** Hashes all chunks that are next in order, reading back what is not held. One call after the other. */
  private hashNext(): Promise<void> {
    if (this.file.sha256 === undefined) return Promise.resolve();
    const run = this.hashing.then(async () => {
      const before = this.hash.hashed;
      for (;;) {
        const number = this.hash.hashed;
        if (number >= this.wholeChunks) break;
        const held = this.held.get(number);
        if (!held && !this.present.has(number)) break;
        await this.hash.add(held ?? [await this.stored(number)]);
        if (this.held.delete(number)) this.options.places.giveBack();
      }
      if (this.hash.hashed > before) await this.store.putHashState(this.file.path, this.hash.save());
    });
    this.hashing = run.catch(() => undefined);
    return run;
  }

  private async stored(number: number): Promise<Uint8Array> {
    const bytes = await this.store.chunk(this.file.path, number);
    if (bytes?.length === this.lengthOf(number)) return bytes;
    this.present.delete(number);
    throw new AppError(
      "file-missing",
      `${this.at.repository}/${this.file.path}: a part that was stored can't be read any more; the browser or a cleaning program deleted it. Continue the download to fetch it again.`,
    );
  }

  private async isRight(): Promise<boolean> {
    const { file } = this;
    if (file.sha256 === undefined) {
      const parts: Uint8Array[] = [];
      for (let number = 0; number < this.chunks; number++) parts.push(await this.stored(number));
      return isAsListed(file, joined(parts, file.size));
    }
    const rest = this.chunks > this.wholeChunks ? [await this.stored(this.wholeChunks)] : [];
    return this.hash.digest(rest) === file.sha256;
  }

  private async repair(onProgress: () => void): Promise<void> {
    const { path } = this.file;
    for (let number = 0; number < this.chunks; number++) {
      const old = await this.stored(number);
      const length = this.lengthOf(number);
      const again = async (): Promise<Uint8Array<ArrayBuffer>> =>
        joined(await this.fetch(number, () => undefined), length);
      const fresh = await again();
      if (areEqual(old, fresh)) continue;
      const third = await again();
      if (areEqual(third, old)) continue;
      await this.store.putChunk(path, number, new Blob([third]));
      this.hash.rewind(number);
      await this.hashNext();
      onProgress();
      if (await this.isRight()) return;
    }
    // Beginning anew is all that may help; another time.
    await this.store.dropFile(path);
    this.present.clear();
    throw wrongHash(`${this.at.repository}/${path}`);
  }
}

function areEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
