import { expect, it } from "vitest";
import { unicode9Form } from "./unicode9-forms";

const nfc = (text: string): string => unicode9Form(text, "NFC");

it("composes and orders what Unicode 9 knows", () => {
  expect(nfc("e\u0301")).toBe("é");
  expect(nfc("a\u0345\u0334")).toBe("a\u0334\u0345");
  expect(nfc("\u1100\u1161")).toBe("\uac00");
});

it("leaves alone what came later, as the Rust library does", () => {
  // Expected texts by normalizers.NFC() of tokenizers 0.23: U+09FE came with Unicode 11, U+11938 with 13.
  expect(nfc("\u09fe\u09bc")).toBe("\u09fe\u09bc");
  expect(nfc("\u{11935}\u{11930}")).toBe("\u{11935}\u{11930}");
  expect(nfc("e\u0301\u09fe\u0301")).toBe("é\u09fe\u0301");
});

it("leaves alone in the other forms what came later too", () => {
  // By normalizers.NFD(), NFKC() and NFKD() of tokenizers 0.23: U+32FF came with Unicode 12.1, U+11938 with 13.
  expect(unicode9Form("\u{11938}é", "NFD")).toBe("\u{11938}e\u0301");
  expect(unicode9Form("\u32ff\u32fe½", "NFKC")).toBe("\u32ffヲ1⁄2");
  expect(unicode9Form("\u32ffé", "NFKD")).toBe("\u32ffe\u0301");
});
