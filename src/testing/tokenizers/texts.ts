// Texts on which tokenizers tend to differ: scripts of many languages, emoji, code, white space of every kind, numerals,
// control tokens spelled out, half surrogates. The same for the same seed.

import { createRandom } from "../../core/random";

const ranges: readonly (readonly [first: number, last: number])[] = [
  [0x20, 0x7e], // ASCII
  [0xa0, 0x24f], // Latin with marks
  [0x250, 0x2ff], // phonetic
  [0x300, 0x36f], // combining marks
  [0x370, 0x3ff], // Greek
  [0x400, 0x52f], // Cyrillic
  [0x530, 0x58f], // Armenian
  [0x590, 0x5ff], // Hebrew
  [0x600, 0x6ff], // Arabic
  [0x900, 0x97f], // Devanagari
  [0x980, 0x9ff], // Bengali
  [0xb80, 0xbff], // Tamil
  [0xe00, 0xe7f], // Thai
  [0x10a0, 0x10ff], // Georgian
  [0x1100, 0x11ff], // Hangul by letters
  [0x1200, 0x137f], // Ethiopic
  [0x1e00, 0x1eff], // Vietnamese
  [0x2000, 0x206f], // punctuation, white space, joiners
  [0x2070, 0x209f], // raised and lowered numerals
  [0x20a0, 0x20bf], // currencies
  [0x2150, 0x218f], // fractions, Roman numerals
  [0x2190, 0x2bff], // arrows, mathematics, signs
  [0x3000, 0x30ff], // Japanese
  [0x4e00, 0x9fff], // Han
  [0xac00, 0xd7a3], // Hangul by syllables
  [0xe000, 0xe01f], // for private use
  [0xf900, 0xfaff], // Han for compatibility
  [0xfb00, 0xfdff], // ligatures, Arabic forms
  [0xff00, 0xffef], // full width
  [0x1f1e6, 0x1f1ff], // flags
  [0x1f300, 0x1faff], // emoji
  [0x1d400, 0x1d7ff], // mathematical letters
  [0x20000, 0x2a6df], // rare Han
];

const spaces = [
  " ",
  "  ",
  "\n",
  "\n\n",
  "\r\n",
  "\t",
  "\u00a0",
  "\u0085",
  "\u200b",
  "\u2028",
  "\u3000",
  "\ufeff",
  "\v",
  "\f",
];
const pieces = [
  "Hello",
  " world",
  "don't",
  "I'LL",
  "we’ve",
  "123",
  "3.14159",
  "1,000,000",
  "0xFF",
  "user@example.com",
  "https://example.com/a?b=c&d=%20",
  "const f = (x) => x ** 2;",
  "    return self.a[0]",
  "#include <stdio.h>\n",
  "\\frac{a}{b}",
  '<div class="a">',
  "SELECT * FROM t WHERE a <> 'b';",
  "👩‍👩‍👧‍👦",
  "👍🏽",
  "🇩🇪🇯🇵",
  "e\u0301",
  "Ⅷ",
  "½",
  "٣٤",
  "İı",
  "ßẞ",
  "ﬁ",
  "…",
  "—",
  "\ud800",
  "\udc00x",
  "…\ud83d",
  "supercalifragilisticexpialidocious",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
  "________",
  "!!!???",
  "ſt",
  "К сожалению",
  "你好,世界",
  "こんにちは",
  "안녕하세요",
  "สวัสดี",
  "नमस्ते",
  "مرحبا",
  "שלום",
];

/** `controls` are spelled into some of the texts. */
export function trickyTexts(count: number, seed: number, controls: readonly string[]): string[] {
  const { below, uniform } = createRandom(seed);
  const pick = (from: readonly string[]): string => from[below(from.length)]!;
  const characters = (): string => {
    const [first, last] = ranges[below(ranges.length)]!;
    const length = 1 + below(8);
    return Array.from({ length }, () => String.fromCodePoint(first + below(last - first + 1))).join("");
  };
  return Array.from({ length: count }, () => {
    const length = 1 + below(8);
    return Array.from({ length }, () => {
      const kind = uniform();
      if (kind < 0.35) return characters();
      if (kind < 0.65) return pick(pieces);
      if (kind < 0.95 || controls.length === 0) return pick(spaces);
      return pick(controls);
    }).join("");
  });
}
