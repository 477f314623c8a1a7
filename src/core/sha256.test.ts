import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Sha256 } from "./sha256";

describe("SHA-256", () => {
  // The examples of FIPS 180-4's secure hash standard, and the empty message.
  const million = "a".repeat(1_000_000);
  it.each([
    ["nothing", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["abc", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    [
      "two blocks",
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    ],
    [
      "a longer text",
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1",
    ],
    ["a million times a", million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"],
  ])("of %s is the standard's", (_, text, digest) => {
    expect(new Sha256().update(new TextEncoder().encode(text)).digest()).toBe(digest);
  });

  it("goes on from a kept state as if it had not been interrupted", () => {
    const bytes = new Uint8Array(randomBytes(1000));
    const state = new Sha256().update(bytes.subarray(0, 640)).save();
    const resumed = Sha256.restore(structuredClone(state), 640).update(bytes.subarray(640));
    expect(resumed.digest()).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(() => new Sha256().update(bytes).save()).toThrow(/multiple of 64/);
  });

  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])("of %i bytes agrees with Node's", (length) => {
    const bytes = new Uint8Array(randomBytes(length));
    expect(new Sha256().update(bytes).digest()).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  it("does not depend on the parts in which bytes arrive", () => {
    const bytes = new Uint8Array(randomBytes(200_000));
    for (const size of [1, 7, 63, 64, 65, 300, 65_537, 150_000, 200_000]) {
      const hash = new Sha256();
      for (let at = 0; at < bytes.length; at += size) hash.update(bytes.subarray(at, at + size));
      expect(hash.digest(), `parts of ${size}`).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
  });
});
