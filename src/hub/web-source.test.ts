import { readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { webSource } from "./web-source";

const folder = new URL("https://host.example/some/path/models/m/");
const files = [{ file: "config.json", bytes: 11 }];

function server(answer: () => Response | Promise<Response>): { fetch: typeof fetch; urls: string[] } {
  const urls: string[] = [];
  return {
    urls,
    fetch: async (input) => {
      urls.push(String(input));
      return answer();
    },
  };
}

describe("a model on the page's server", () => {
  it("is read under the page's own path, each file once", async () => {
    const { fetch, urls } = server(() => new Response("hello world"));
    const received: number[] = [];
    const source = webSource("m", folder, files, { fetch, onBytes: (bytes) => received.push(bytes) });
    expect(await source.text("config.json")).toBe("hello world");
    expect(await source.read("config.json", 6, 11)).toEqual(new TextEncoder().encode("world"));
    expect(await source.size("config.json")).toBe(11);
    expect(urls).toEqual(["https://host.example/some/path/models/m/config.json"]);
    expect(received.at(-1)).toBe(11);
  });

  it("knows what is there without asking, so that a host's own page is never taken for a file", async () => {
    const { fetch, urls } = server(() => new Response("<html>"));
    const source = webSource("m", folder, files, { fetch });
    expect(await source.has("tokenizer.json")).toBe(false);
    await expect(source.text("tokenizer.json")).rejects.toMatchObject({ name: "file-missing" });
    expect(urls).toEqual([]);
  });

  it.each([
    ["a page in its place", () => new Response("<!doctype html><p>Not found"), "need 11"],
    ["a file cut off", () => new Response("hello"), "got 5 bytes, need 11"],
    ["an error", () => new Response("", { status: 503 }), "answered 503"],
    ["nothing", () => Promise.reject(new TypeError("offline")), "can't be reached"],
  ])("is refused by name when the server gives %s, and asked for again later", async (_, answer, words) => {
    const answers = [answer, () => new Response("hello world")];
    const { fetch } = server(() => answers.shift()!());
    const source = webSource("m", folder, files, { fetch });
    await expect(source.text("config.json")).rejects.toMatchObject({
      name: "file-missing",
      message: expect.stringContaining(words),
    });
    expect(await source.text("config.json")).toBe("hello world");
  });
});

describe("public/models/index.json", () => {
  it("lists every file of each model with its size", async () => {
    const { models } = JSON.parse(await readFile("public/models/index.json", "utf8")) as {
      models: { name: string; files: { file: string; bytes: number }[] }[];
    };
    const folders = readdirSync("public/models", { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect(models.map(({ name }) => name)).toEqual(folders.map(({ name }) => name));
    for (const { name, files: listed } of models) {
      const there = readdirSync(`public/models/${name}`).filter((file) => file !== "README.md");
      expect(listed.map(({ file }) => file)).toEqual(there.sort());
      for (const { file, bytes } of listed)
        expect(statSync(`public/models/${name}/${file}`).size).toBe(bytes);
    }
  });
});
