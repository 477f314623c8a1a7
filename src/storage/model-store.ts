// Downloaded models: files in chunks, each a Blob of its own record, so that a download goes on where it was and a
// tensor is read without its file being held. A model's record is written first, as incomplete; that it is complete is
// written last, durably. What has no record is swept away.

import { AppError } from "../core/errors";
import { referenceKey, type HubReference } from "../core/run-record";
import { Table } from "./table";

export interface StoredFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256?: string;
  readonly gitOid?: string;
}

export interface ModelRecord {
  readonly reference: HubReference;
  readonly files: readonly StoredFile[];
  /** Bytes of every chunk but a file's last. */
  readonly chunkBytes: number;
  readonly licence?: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly usedAt: number;
  /** All files are here and had the right hashes. */
  readonly isComplete: boolean;
}

interface FileState {
  /** Of the hash behind each whole chunk. */
  readonly hash?: Uint32Array;
  readonly isVerified?: boolean;
}

export class ModelStore {
  private readonly records: Table<ModelRecord>;
  /** Keys are MODEL/FILE. */
  private readonly states: Table<FileState>;
  /** Keys are MODEL/FILE/NUMBER. */
  private readonly chunks: Table<Blob>;

  constructor(readonly isKept: boolean) {
    this.records = new Table("models", isKept);
    this.states = new Table("model-files", isKept);
    this.chunks = new Table("model-chunks", isKept);
  }

  /** Last used first. */
  async list(): Promise<ModelRecord[]> {
    return (await this.records.values()).sort((a, b) => b.usedAt - a.usedAt);
  }

  async record(reference: HubReference): Promise<ModelRecord | undefined> {
    return this.records.get(referenceKey(reference));
  }

  /** Bytes of the chunks that are stored, of the files that are `wanted`. */
  async presentBytes(
    { reference, files, chunkBytes }: ModelRecord,
    wanted: (path: string) => boolean = () => true,
  ): Promise<number> {
    const sizes = new Map(files.map(({ path, size }) => [path, size]));
    const prefix = `${referenceKey(reference)}/`;
    let bytes = 0;
    for (const key of await this.chunks.keys(prefix)) {
      const [path = "", number = ""] = key.slice(prefix.length).split("/");
      if (!wanted(path)) continue;
      bytes += Math.min(chunkBytes, (sizes.get(path) ?? 0) - Number(number) * chunkBytes);
    }
    return bytes;
  }

  /** Writes the record of a download that begins. One that is there already stays, with its chunks. */
  async begin(record: ModelRecord): Promise<ModelRecord> {
    const known = await this.record(record.reference);
    if (known) return known;
    await this.records.putDurably(referenceKey(record.reference), record);
    return record;
  }

  async complete(reference: HubReference): Promise<ModelRecord> {
    return this.change(reference, { isComplete: true, usedAt: Date.now() });
  }

  async touch(reference: HubReference): Promise<void> {
    await this.change(reference, { usedAt: Date.now() }, false);
  }

  async delete(reference: HubReference): Promise<void> {
    const key = referenceKey(reference);
    await this.records.delete(key);
    await this.states.replace(`${key}/`, []);
    await this.chunks.replace(`${key}/`, []);
  }

  async clear(): Promise<void> {
    for (const table of [this.records, this.states, this.chunks]) await table.clear();
  }

  /** Deletes what a deletion left behind that was cut off. */
  async sweep(): Promise<void> {
    const orphans = new Set((await this.chunks.keys()).map(modelOf));
    for (const key of await this.records.keys()) orphans.delete(key);
    for (const key of orphans) {
      // Looked up anew: a download may have begun meanwhile.
      if (await this.records.get(key)) continue;
      await this.states.replace(`${key}/`, []);
      await this.chunks.replace(`${key}/`, []);
    }
  }

  /** What hub/download.ts calls a ChunkStore. */
  chunkStore({ reference }: ModelRecord): StoredChunks {
    return new StoredChunks(referenceKey(reference), this.states, this.chunks);
  }

  /** What hub/model-source.ts calls a ModelSource, over a complete model. */
  source(record: ModelRecord): StoredModelSource {
    const lost = async (): Promise<void> => void (await this.change(record.reference, { isComplete: false }));
    return new StoredModelSource(record, this.chunkStore(record), lost);
  }

  private async change(
    reference: HubReference,
    fields: Partial<ModelRecord>,
    isDurable = true,
  ): Promise<ModelRecord> {
    const record = await this.record(reference);
    if (!record) throw notStored(reference);
    const changed = { ...record, ...fields };
    const key = referenceKey(reference);
    await (isDurable ? this.records.putDurably(key, changed) : this.records.put(key, changed));
    return changed;
  }
}

class StoredChunks {
  constructor(
    private readonly model: string,
    private readonly states: Table<FileState>,
    private readonly chunks: Table<Blob>,
  ) {}

  async chunkNumbers(path: string): Promise<ReadonlySet<number>> {
    const prefix = `${this.model}/${path}/`;
    return new Set((await this.chunks.keys(prefix)).map((key) => Number(key.slice(prefix.length))));
  }

  /** The chunk, or bytes [begin, end) of it. One that can't be read any more is deleted and not there. */
  async chunk(path: string, number: number, begin = 0, end?: number): Promise<Uint8Array | undefined> {
    const key = this.key(path, number);
    const blob = await this.chunks.get(key);
    if (!blob) return undefined;
    try {
      const part = begin === 0 && end === undefined ? blob : blob.slice(begin, end);
      return new Uint8Array(await part.arrayBuffer());
    } catch {
      // NotReadableError: the browser keeps large values as files, which cleaning programs delete.
      await this.chunks.delete(key);
      return undefined;
    }
  }

  async putChunk(path: string, number: number, content: Blob): Promise<void> {
    await this.chunks.put(this.key(path, number), content);
  }

  async dropFile(path: string): Promise<void> {
    await this.states.delete(`${this.model}/${path}`);
    await this.chunks.replace(`${this.model}/${path}/`, []);
  }

  async hashState(path: string): Promise<Uint32Array | undefined> {
    return (await this.states.get(`${this.model}/${path}`))?.hash;
  }

  async putHashState(path: string, hash: Uint32Array): Promise<void> {
    await this.states.put(`${this.model}/${path}`, { hash });
  }

  async isVerified(path: string): Promise<boolean> {
    return (await this.states.get(`${this.model}/${path}`))?.isVerified === true;
  }

  async putVerified(path: string): Promise<void> {
    await this.states.put(`${this.model}/${path}`, { isVerified: true });
  }

  private key(path: string, number: number): string {
    return `${this.model}/${path}/${String(number).padStart(6, "0")}`;
  }
}

class StoredModelSource {
  readonly name: string;
  private readonly sizes: ReadonlyMap<string, number>;

  constructor(
    private readonly record: ModelRecord,
    private readonly chunks: StoredChunks,
    private readonly onLost: () => Promise<void>,
  ) {
    this.name = record.reference.repository;
    this.sizes = new Map(record.files.map(({ path, size }) => [path, size]));
  }

  async has(file: string): Promise<boolean> {
    return this.sizes.has(file);
  }

  async size(file: string): Promise<number> {
    const size = this.sizes.get(file);
    if (size !== undefined) return size;
    throw new AppError("file-missing", `${this.name}/${file}: the model has no such file.`);
  }

  async text(file: string): Promise<string> {
    return new TextDecoder().decode(await this.read(file, 0, await this.size(file)));
  }

  /** Reads the chunks that hold the range, one after the other. */
  async read(file: string, begin: number, end: number): Promise<Uint8Array> {
    const { chunkBytes } = this.record;
    const bytes = new Uint8Array(end - begin);
    for (let at = begin; at < end;) {
      const number = Math.floor(at / chunkBytes);
      const first = number * chunkBytes;
      const until = Math.min(end, first + chunkBytes);
      const part = await this.chunks.chunk(file, number, at - first, until - first);
      if (part?.length !== until - at) throw await this.lost(file);
      if (begin === at && end === until) return part;
      bytes.set(part, at - begin);
      at = until;
    }
    return bytes;
  }

  private async lost(file: string): Promise<AppError> {
    await this.onLost().catch(() => undefined); // the whole model may be gone
    return new AppError(
      "file-missing",
      `${this.name}/${file}: a part that was stored is gone; the model was deleted, or the browser or a cleaning program made room. Download the model again: what is still there is not fetched anew.`,
    );
  }
}

export function notStored({ repository }: HubReference): AppError {
  return new AppError(
    "file-missing",
    `${repository} is not stored in this browser. Download it first; for that this computer must be online.`,
  );
}

/** MODEL of MODEL/FILE/NUMBER. */
function modelOf(key: string): string {
  return key.split("/").slice(0, -2).join("/");
}
