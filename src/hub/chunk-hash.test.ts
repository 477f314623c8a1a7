import { createHash, randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ChunkHash } from "./chunk-hash";

const bytes = new Uint8Array(randomBytes(1000));
const right = createHash("sha256").update(bytes).digest("hex");
const chunk = (number: number): Uint8Array => bytes.subarray(number * 128, (number + 1) * 128);

describe("the hash of chunks", () => {
  it("is the file's, with a rest behind the whole chunks or without", async () => {
    const hash = new ChunkHash(1000, 128);
    for (let number = 0; number < 7; number++)
      await hash.add([chunk(number).subarray(0, 5), chunk(number).subarray(5)]);
    expect(hash.digest([chunk(7)])).toBe(right);
    const whole = new ChunkHash(256, 128);
    await whole.add([chunk(0)]);
    await whole.add([chunk(1)]);
    expect(whole.digest([])).toBe(createHash("sha256").update(bytes.subarray(0, 256)).digest("hex"));
    expect(new ChunkHash(0, 128).digest([])).toBe(createHash("sha256").digest("hex"));
  });

  it("goes on from what was saved, and from a chunk that is replaced", async () => {
    const first = new ChunkHash(1000, 128);
    for (let number = 0; number < 4; number++) await first.add([chunk(number)]);
    await first.add([chunk(0)]); // a wrong one
    const hash = new ChunkHash(1000, 128, structuredClone(first.save()));
    expect(hash.hashed).toBe(5);
    hash.rewind(4);
    for (let number = 4; number < 7; number++) await hash.add([chunk(number)]);
    expect(hash.digest([chunk(7)])).toBe(right);
  });

  it("is not told before all chunks are in", async () => {
    const hash = new ChunkHash(1000, 128);
    await hash.add([chunk(0)]);
    expect(() => hash.digest([])).toThrow(/1 hashed chunks, need 7/);
  });
});
