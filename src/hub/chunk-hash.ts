// The SHA-256 of a file that arrives in chunks, in any order, over several days: chunks are hashed in the file's order,
// and the state behind each whole chunk is kept, so that neither a reload nor a replaced chunk begins from the start.

import { assert } from "../core/errors";
import { Sha256 } from "../core/sha256";

const WORDS = 8;

export class ChunkHash {
  private readonly states: Uint32Array[];

  /** `saved` is what `save` gave; `chunkBytes` a multiple of 64. */
  constructor(
    readonly fileBytes: number,
    readonly chunkBytes: number,
    saved: Uint32Array = new Uint32Array(),
  ) {
    assert(chunkBytes % 64 === 0, `got chunks of ${chunkBytes} bytes, need a multiple of 64`);
    const count = Math.min(Math.floor(saved.length / WORDS), Math.floor(fileBytes / chunkBytes));
    this.states = Array.from({ length: count }, (_, i) => saved.slice(i * WORDS, (i + 1) * WORDS));
  }

  /** Chunks [0, hashed) are in the hash. */
  get hashed(): number {
    return this.states.length;
  }

  /** Adds chunk number `hashed`, which is not the last one unless that is whole. */
  add(parts: Iterable<Uint8Array>): void {
    const hash = this.hashBefore(this.hashed);
    for (const part of parts) hash.update(part);
    this.states.push(hash.save());
  }

  /** Forgets all chunks from number `first` on. */
  rewind(first: number): void {
    this.states.length = Math.min(this.states.length, first);
  }

  /** The file's hash: of all whole chunks, which must have been added, and the rest behind them. */
  digest(rest: Iterable<Uint8Array>): string {
    const hash = this.hashBefore(Math.floor(this.fileBytes / this.chunkBytes));
    for (const part of rest) hash.update(part);
    return hash.digest();
  }

  save(): Uint32Array {
    const all = new Uint32Array(this.states.length * WORDS);
    this.states.forEach((state, i) => all.set(state, i * WORDS));
    return all;
  }

  private hashBefore(chunk: number): Sha256 {
    assert(chunk <= this.states.length, `got ${this.states.length} hashed chunks, need ${chunk}`);
    const state = this.states[chunk - 1];
    return state ? Sha256.restore(state, chunk * this.chunkBytes) : new Sha256();
  }
}
