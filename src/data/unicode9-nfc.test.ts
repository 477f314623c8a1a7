import { expect, it } from "vitest";
import { unicode9Nfc } from "./unicode9-nfc";

it("composes and orders what Unicode 9 knows", () => {
  expect(unicode9Nfc("e\u0301")).toBe("é");
  expect(unicode9Nfc("a\u0345\u0334")).toBe("a\u0334\u0345");
  expect(unicode9Nfc("\u1100\u1161")).toBe("\uac00");
});

it("leaves alone what came later, as the Rust library does", () => {
  // Expected texts by normalizers.NFC() of tokenizers 0.23: U+09FE came with Unicode 11, U+11938 with 13.
  expect(unicode9Nfc("\u09fe\u09bc")).toBe("\u09fe\u09bc");
  expect(unicode9Nfc("\u{11935}\u{11930}")).toBe("\u{11935}\u{11930}");
  expect(unicode9Nfc("e\u0301\u09fe\u0301")).toBe("é\u09fe\u0301");
});
