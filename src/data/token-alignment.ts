// Which tokens cover which characters. The tokenizer library gives no offsets, so the tokens' bytes are laid along the
// text's. Where they can't be (a normaliser that rewrites text), the text up to a boundary is tokenised once more and the
// tokens that both have in common lie before it.

import { assert } from "../core/errors";

export interface AlignedTokens {
  readonly ids: Uint32Array;
  /**
   * The tokens [first, end) that cover any of the characters [begin, finish) (UTF-16 offsets). A token that lies across
   * a border counts as covering. False in `exact` says that the tokens were found by tokenising again.
   */
  tokensOf(begin: number, finish: number): { readonly first: number; readonly end: number };
  readonly exact: boolean;
}

interface TokenAccess {
  tokenBytes(id: number): Uint8Array;
  isAdded(id: number): boolean;
  encode(text: string): Uint32Array;
}

export function alignTokens(text: string, ids: Uint32Array, access: TokenAccess): AlignedTokens {
  for (const form of [undefined, "NFC", "NFKC"] as const) {
    const normalise = (part: string): string => (form ? part.normalize(form) : part);
    const ends = byteEnds(new TextEncoder().encode(normalise(text)), ids, access);
    if (!ends) continue;
    const byteOffset = (offset: number): number =>
      new TextEncoder().encode(normalise(text.slice(0, offset))).length;
    const firstEndingAfter = (byte: number): number => {
      const index = ends.findIndex((end) => end > byte);
      return index < 0 ? ids.length : index;
    };
    const tokensOf: AlignedTokens["tokensOf"] = (begin, finish) => {
      const from = byteOffset(begin);
      const to = byteOffset(finish);
      let first = firstEndingAfter(from);
      if (to <= from) return { first, end: first };
      // A space that a normaliser put there covers nothing; it belongs to the text behind it.
      while (first > 0 && ends[first - 1] === from && (ends[first - 2] ?? 0) === from) first--;
      return { first, end: Math.min(ids.length, firstEndingAfter(to - 1) + 1) };
    };
    return { ids, tokensOf, exact: true };
  }
  const tokensOf: AlignedTokens["tokensOf"] = (begin, finish) => {
    const first = commonPrefix(access.encode(text.slice(0, begin)), ids);
    if (finish <= begin) return { first, end: first };
    const upTo = access.encode(text.slice(0, finish));
    const common = commonPrefix(upTo, ids);
    return {
      first,
      end: Math.max(first, common === upTo.length ? common : Math.min(ids.length, common + 1)),
    };
  };
  return { ids, tokensOf, exact: false };
}

/**
 * For each token the byte of `text` after its last, or undefined when the tokens don't spell the text. Two things may
 * differ: a space that a SentencePiece normaliser put in front of a token, and white space that an added token swallowed.
 */
function byteEnds(text: Uint8Array, ids: Uint32Array, access: TokenAccess): Uint32Array | undefined {
  const ends = new Uint32Array(ids.length);
  let at = 0;
  let afterAdded = false;
  for (let i = 0; i < ids.length; i++) {
    const id = ids[i]!;
    const bytes = access.tokenBytes(id);
    const added = access.isAdded(id);
    let length = matchLength(text, at, bytes, 0);
    if (length === undefined && bytes[0] === 0x20) length = matchLength(text, at, bytes, 1);
    if (length === undefined && (added || afterAdded)) {
      while (at < text.length && isSpace(text[at]!)) at++;
      length =
        matchLength(text, at, bytes, 0) ?? (bytes[0] === 0x20 ? matchLength(text, at, bytes, 1) : undefined);
    }
    if (length === undefined) return undefined;
    at += length;
    ends[i] = at;
    afterAdded = added;
  }
  while (afterAdded && at < text.length && isSpace(text[at]!)) at++;
  return at === text.length ? ends : undefined;
}

/** How many bytes of `text` at `at` the token's bytes from `from` on match: all of them, or undefined. */
function matchLength(text: Uint8Array, at: number, bytes: Uint8Array, from: number): number | undefined {
  for (let i = from; i < bytes.length; i++) if (text[at + i - from] !== bytes[i]) return undefined;
  return bytes.length - from;
}

function isSpace(byte: number): boolean {
  return byte === 0x20 || (byte >= 9 && byte <= 13);
}

function commonPrefix(a: Uint32Array, b: Uint32Array): number {
  assert(b.length > 0 || a.length === 0, `got no tokens for a text whose beginning has ${a.length}`);
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
