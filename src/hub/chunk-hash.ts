// The SHA-256 of a file that arrives in chunks, in any order, over several days: chunks are hashed in the file's order,
// and the state behind each whole chunk is kept, so that neither a reload nor a replaced chunk begins from the start.

import { assert } from "../core/errors";
import { Sha256 } from "../core/sha256";

/** A state of SHA-256, eight words, behind `length` bytes. */
export interface HashState {
  readonly words: Uint32Array;
  readonly length: number;
}

/**
 * Adds bytes to a state, on this thread or another; a whole number of 64-byte blocks altogether. The parts are of no
 * use to the caller afterwards.
 */
export type AddToHash = (state: HashState, parts: readonly Uint8Array[]) => Promise<Uint32Array>;

/** On this thread. */
export function addToHash({ words, length }: HashState, parts: readonly Uint8Array[]): Uint32Array {
  const hash = length === 0 ? new Sha256() : Sha256.restore(words, length);
  for (const part of parts) hash.update(part);
  return hash.save();
}

const WORDS = 8;

export class ChunkHash {
  private readonly states: Uint32Array[];

  /** `saved` is what `save` gave; `chunkBytes` a multiple of 64. */
  constructor(
    readonly fileBytes: number,
    readonly chunkBytes: number,
    saved: Uint32Array = new Uint32Array(),
    private readonly addParts: AddToHash = async (state, parts) => addToHash(state, parts),
  ) {
    assert(chunkBytes % 64 === 0, `got chunks of ${chunkBytes} bytes, need a multiple of 64`);
    const count = Math.min(Math.floor(saved.length / WORDS), Math.floor(fileBytes / chunkBytes));
    this.states = Array.from({ length: count }, (_, i) => saved.slice(i * WORDS, (i + 1) * WORDS));
  }

  /** Chunks [0, hashed) are in the hash. */
  get hashed(): number {
    return this.states.length;
  }

  /** Adds chunk number `hashed`, a whole one. One call at a time. */
  async add(parts: readonly Uint8Array[]): Promise<void> {
    const number = this.hashed;
    const words = this.states[number - 1] ?? new Uint32Array(WORDS);
    const next = await this.addParts({ words, length: number * this.chunkBytes }, parts);
    assert(this.hashed === number, `chunk ${number} was hashed twice at once`);
    this.states.push(next);
  }

  /** Forgets all chunks from number `first` on. */
  rewind(first: number): void {
    this.states.length = Math.min(this.states.length, first);
  }

  /** The file's hash: of all whole chunks, which must have been added, and the rest behind them. */
  digest(rest: Iterable<Uint8Array>): string {
    const whole = Math.floor(this.fileBytes / this.chunkBytes);
    assert(this.hashed === whole, `got ${this.hashed} hashed chunks, need ${whole}`);
    const state = this.states.at(-1);
    const hash = state ? Sha256.restore(state, whole * this.chunkBytes) : new Sha256();
    for (const part of rest) hash.update(part);
    return hash.digest();
  }

  save(): Uint32Array {
    const all = new Uint32Array(this.states.length * WORDS);
    this.states.forEach((state, i) => all.set(state, i * WORDS));
    return all;
  }
}
