// SHA-256 of bytes that arrive in parts. The browser's own needs all of them at once, and is missing on pages that are
// served without encryption. What was hashed so far can be kept and gone on with. Source: FIPS 180-4.

import { assert } from "./errors";

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes, and of square roots of eight. */
const roundConstants = new Int32Array(64);
const initialState = new Uint32Array(8);
for (let candidate = 2, found = 0; found < 64; candidate++) {
  let isPrime = true;
  for (let divisor = 2; divisor * divisor <= candidate; divisor++)
    if (candidate % divisor === 0) isPrime = false;
  if (!isPrime) continue;
  if (found < 8) initialState[found] = fractionBits(Math.sqrt(candidate));
  roundConstants[found++] = fractionBits(Math.cbrt(candidate));
}

export class Sha256 {
  private readonly state = initialState.slice();
  private readonly block = new Uint8Array(64);
  private readonly words = new Int32Array(64);
  private length = 0;

  /** Goes on where `save` was called, `length` bytes from the start. */
  static restore(state: Uint32Array, length: number): Sha256 {
    assert(length % 64 === 0 && state.length === 8, `got ${state.length} words at byte ${length}`);
    const hash = new Sha256();
    hash.state.set(state);
    hash.length = length;
    return hash;
  }

  /** The state behind a whole number of 64-byte blocks. */
  save(): Uint32Array {
    assert(this.length % 64 === 0, `got ${this.length} bytes, need a multiple of 64`);
    return this.state.slice();
  }

  update(bytes: Uint8Array): this {
    let at = 0;
    const filled = this.length % 64;
    this.length += bytes.length;
    if (filled > 0) {
      at = Math.min(bytes.length, 64 - filled);
      this.block.set(bytes.subarray(0, at), filled);
      if (filled + at < 64) return this;
      this.compress(this.block, 0);
    }
    for (; at + 64 <= bytes.length; at += 64) this.compress(bytes, at);
    this.block.set(bytes.subarray(at));
    return this;
  }

  /** Ends the stream: 64 hexadecimal digits. */
  digest(): string {
    const bits = BigInt(this.length) * 8n;
    const padding = new Uint8Array(((this.length + 8) & ~63) + 64 - this.length);
    padding[0] = 0x80;
    new DataView(padding.buffer).setBigUint64(padding.length - 8, bits);
    this.update(padding);
    return Array.from(this.state, (word) => word.toString(16).padStart(8, "0")).join("");
  }

  private compress(bytes: Uint8Array, offset: number): void {
    const { words, state } = this;
    for (let i = 0; i < 16; i++) {
      const at = offset + 4 * i;
      words[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
    for (let i = 16; i < 64; i++) {
      const x = words[i - 15]!;
      const y = words[i - 2]!;
      const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      words[i] = (words[i - 16]! + small0 + words[i - 7]! + small1) | 0;
    }
    let a = state[0]! | 0;
    let b = state[1]! | 0;
    let c = state[2]! | 0;
    let d = state[3]! | 0;
    let e = state[4]! | 0;
    let f = state[5]! | 0;
    let g = state[6]! | 0;
    let h = state[7]! | 0;
    for (let i = 0; i < 64; i++) {
      const big1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const choice = (e & f) ^ (~e & g);
      const first = (h + big1 + choice + roundConstants[i]! + words[i]!) | 0;
      const big0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const second = (big0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + second) | 0;
    }
    state[0]! += a;
    state[1]! += b;
    state[2]! += c;
    state[3]! += d;
    state[4]! += e;
    state[5]! += f;
    state[6]! += g;
    state[7]! += h;
  }
}

function fractionBits(value: number): number {
  return ((value - Math.floor(value)) * 2 ** 32) >>> 0;
}
