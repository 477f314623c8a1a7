// Generated ids → text that can be shown at once. One character may take several tokens (an emoji takes up to four),
// and a token's text may depend on the one before it, so text is given out only when it can't change any more.

import type { Tokenizer } from "./tokenizer";

export interface TokenStream {
  /** The text that this token settles; "" while a character is incomplete. Special tokens give no text. */
  push(id: number): string;
  /** What is still held back, with U+FFFD for a character that never got complete. */
  flush(): string;
}

/**
 * Everything given out, joined, equals the tokenizer's decoding of all ids at once; behind `before`, ids whose text is
 * out already, what their decoding together adds to it (a space, for tokenizers that drop the first one of a text).
 */
export function createTokenStream(
  tokenizer: Pick<Tokenizer, "decode">,
  before: ArrayLike<number> = [],
): TokenStream {
  // ids[settled, ) are decoded again at each push; ids[settled, shown) are there for context, their text is out already.
  let ids: number[] = Array.from(before);
  let shown = ids.length;
  const decode = (part: number[]): string => tokenizer.decode(part, { skipSpecial: true });
  const advance = (complete: (text: string) => boolean): string => {
    const out = decode(ids.slice(0, shown));
    const text = decode(ids);
    if (text.length <= out.length || !complete(text)) return "";
    ids = ids.slice(shown);
    shown = ids.length;
    return text.slice(out.length);
  };
  return {
    push: (id) => {
      ids.push(id);
      return advance((text) => !text.endsWith("\ufffd"));
    },
    flush: () => advance(() => true),
  };
}
