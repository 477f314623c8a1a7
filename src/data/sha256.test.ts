import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Sha256 } from "./sha256";

describe("SHA-256", () => {
  it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 1000])("of %i bytes agrees with Node's", (length) => {
    const bytes = new Uint8Array(randomBytes(length));
    expect(new Sha256().update(bytes).digest()).toBe(createHash("sha256").update(bytes).digest("hex"));
  });

  it("does not depend on the parts in which bytes arrive", () => {
    const bytes = new Uint8Array(randomBytes(1000));
    for (const size of [1, 7, 63, 64, 65, 300]) {
      const hash = new Sha256();
      for (let at = 0; at < bytes.length; at += size) hash.update(bytes.subarray(at, at + size));
      expect(hash.digest(), `parts of ${size}`).toBe(createHash("sha256").update(bytes).digest("hex"));
    }
  });
});
