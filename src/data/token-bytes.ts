// Tokens as the vocabulary spells them → the bytes of text that they stand for.

/** GPT-2's alphabet: printable Latin-1 bytes stand for themselves, the other 68 for the characters from U+0100 on. */
const byteOfCharacter = new Map<string, number>();
let moved = 0;
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  byteOfCharacter.set(String.fromCharCode(printable ? byte : 256 + moved++), byte);
}
const utf8 = new TextEncoder();

/** A byte-level token: one character a byte. One that holds another character stands for itself. */
export function bytesOfByteLevelToken(token: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of token) {
    const byte = byteOfCharacter.get(character);
    if (byte === undefined) return utf8.encode(token);
    bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** A SentencePiece token: ▁ is a space, <0xE2> is one byte. */
export function bytesOfSentencePieceToken(token: string): Uint8Array {
  const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token);
  return byte ? Uint8Array.of(parseInt(byte[1]!, 16)) : utf8.encode(token.replaceAll("\u2581", " "));
}
