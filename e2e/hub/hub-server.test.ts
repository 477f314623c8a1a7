import { createHash } from "node:crypto";
import { afterEach, describe, expect, it } from "vitest";
import { seededFaults, type Faults } from "./faults.js";
import { createRepository, folderFiles, generatedModel, memoryFile, pushCommit } from "./repository.js";
import { startHub, type HubOptions, type RunningHub } from "./server.js";

const tiny = { layers: 2, hidden: 64, feedForward: 128, heads: 4, keyValueHeads: 2, vocabulary: 320 };
const model = createRepository(
  "owner/tiny",
  generatedModel({ ...tiny, shards: 3 }, [memoryFile("a.txt", "hi")]),
  {
    licence: "mit",
  },
);
const gated = createRepository("owner/gated", [memoryFile("config.json", "{}")], { gated: "manual" });
const hidden = createRepository("owner/hidden", [memoryFile("config.json", "{}")], { private: true });

let hub: RunningHub | undefined;
afterEach(async () => {
  await hub?.close();
  hub = undefined;
});
async function start(options: Partial<HubOptions> = {}): Promise<RunningHub> {
  hub = await startHub({ repositories: [model, gated, hidden], ...options });
  return hub;
}
const commit = model.revisions.get("main")!;
const shard = "model-00001-of-00003.safetensors";
const shardFile = model.commits.get(commit)!.find(({ path }) => path === shard)!;
const range = (begin: number, end: number): RequestInit => ({
  headers: { Range: `bytes=${begin}-${end - 1}` },
});

describe("the local Hub", () => {
  it("tells what a branch is, and refuses one that isn't there", async () => {
    const { endpoint } = await start();
    const answer = await fetch(`${endpoint}/api/models/owner/tiny/revision/main`);
    expect(await answer.json()).toMatchObject({
      id: "owner/tiny",
      sha: commit,
      cardData: { license: "mit" },
    });
    const none = await fetch(`${endpoint}/api/models/owner/tiny/revision/none`);
    expect([none.status, none.headers.get("x-error-code")]).toEqual([404, "RevisionNotFound"]);
  });

  it("lists files in pages that follow one another by Link", async () => {
    const { endpoint } = await start({ pageSize: 2 });
    const found: { path: string; lfs?: { oid: string } }[] = [];
    let next: string | undefined = `${endpoint}/api/models/owner/tiny/tree/${commit}?recursive=true`;
    let pages = 0;
    while (next) {
      const answer: Response = await fetch(next);
      found.push(...((await answer.json()) as typeof found));
      next = /<(.+)>; rel="next"/.exec(answer.headers.get("link") ?? "")?.[1];
      pages++;
    }
    expect(pages).toBe(3);
    expect(found.map(({ path }) => path)).toContain("model-00003-of-00003.safetensors");
    expect(found.find(({ path }) => path === shard)!.lfs!.oid).toBe(shardFile.sha256);
    expect(found.find(({ path }) => path === "a.txt")!.lfs).toBeUndefined();
  });

  it("sends large files from another origin, in ranges that join to the listed hash", async () => {
    const { endpoint, cdn, log } = await start();
    const hash = createHash("sha256");
    for (let at = 0; at < shardFile.size; at += 10_000) {
      const answer = await fetch(
        `${endpoint}/owner/tiny/resolve/${commit}/${shard}`,
        range(at, Math.min(shardFile.size, at + 10_000)),
      );
      expect(answer.status).toBe(206);
      expect(new URL(answer.url).origin).toBe(cdn);
      hash.update(new Uint8Array(await answer.arrayBuffer()));
    }
    expect(hash.digest("hex")).toBe(shardFile.sha256);
    expect(log.find(({ status }) => status === 302)).toBeDefined();
  });

  it("sends small files from its own origin by git's hash, and 416 for a range behind the end", async () => {
    const { endpoint } = await start();
    const answer = await fetch(`${endpoint}/owner/tiny/resolve/main/a.txt`);
    const oid = createHash("sha1").update("blob 2\0hi").digest("hex");
    expect([answer.headers.get("etag"), await answer.text()]).toEqual([`"${oid}"`, "hi"]);
    expect(answer.headers.get("x-repo-commit")).toBe(commit);
    const behind = await fetch(`${endpoint}/owner/tiny/resolve/main/a.txt`, range(2, 3));
    expect([behind.status, behind.headers.get("content-range")]).toEqual([416, "bytes */2"]);
  });

  it("refuses a signed address that expired or was altered", async () => {
    const { endpoint } = await start({ signedSeconds: -1 });
    const url = `${endpoint}/owner/tiny/resolve/${commit}/${shard}`;
    expect((await fetch(url)).status).toBe(403);
    const { headers } = await fetch(url, { redirect: "manual" });
    const altered = new URL(headers.get("location")!);
    altered.searchParams.set("Expires", "9999999999");
    expect((await fetch(altered)).status).toBe(403);
  });

  it("asks for a token, for a right token, and never sees it on the other origin", async () => {
    const { endpoint, log } = await start({ tokens: { good: ["owner/gated", "owner/hidden"], poor: [] } });
    const status = async (path: string, token?: string): Promise<[number, string | null]> => {
      const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
      const answer = await fetch(`${endpoint}${path}`, { headers });
      return [answer.status, answer.headers.get("x-error-code")];
    };
    const file = "/owner/gated/resolve/main/config.json";
    expect(await status(file)).toEqual([401, "GatedRepo"]);
    expect(await status(file, "poor")).toEqual([403, "GatedRepo"]);
    expect(await status(file, "good")).toEqual([200, null]);
    expect((await status(file, "unknown"))[0]).toBe(401);
    const secret = "/api/models/owner/hidden/revision/main";
    expect(await status(secret)).toEqual([401, "RepoNotFound"]);
    expect(await status(secret, "poor")).toEqual([404, "RepoNotFound"]);
    expect(await status(secret, "good")).toEqual([200, null]);
    expect(await status(`/owner/tiny/resolve/${commit}/${shard}`, "good")).toEqual([200, null]);
    const storage = log.filter(({ origin }) => origin === "cdn");
    expect(storage.length).toBeGreaterThan(0);
    expect(storage.every(({ authorization }) => authorization === undefined)).toBe(true);
  });

  it("limits how often files are asked for, and says for how long", async () => {
    const { endpoint } = await start({ resolverLimit: { requests: 2, seconds: 100 } });
    const ask = (): Promise<Response> => fetch(`${endpoint}/owner/tiny/resolve/main/a.txt`);
    expect([(await ask()).status, (await ask()).status]).toEqual([200, 200]);
    const limited = await ask();
    expect(limited.status).toBe(429);
    expect(limited.headers.get("retry-after")).toMatch(/^(99|100)$/);
    expect(limited.headers.get("ratelimit")).toMatch(/^"resolvers";r=0;t=(99|100)$/);
  });

  it("lets pages of other origins read it, preflight included", async () => {
    const { endpoint } = await start();
    const headers = {
      Origin: "https://page.example",
      "Access-Control-Request-Headers": "authorization,range",
    };
    const url = `${endpoint}/owner/tiny/resolve/main/a.txt`;
    const asked = await fetch(url, { method: "OPTIONS", headers });
    expect(asked.headers.get("access-control-allow-headers")).toBe("authorization,range");
    const answer = await fetch(url, { headers });
    expect(answer.headers.get("access-control-allow-origin")).toBe("https://page.example");
    expect(answer.headers.get("access-control-expose-headers")).toContain("X-Error-Code");
    expect(answer.headers.get("access-control-expose-headers")).not.toContain("Retry-After");
  });

  it("does wrong on demand", async () => {
    const { endpoint, setFaults } = await start();
    const ask = async (faults: Faults): Promise<Response> => {
      setFaults(faults);
      return fetch(`${endpoint}/owner/tiny/resolve/${commit}/${shard}`, range(1000, 2000));
    };
    const good = new Uint8Array(await (await ask(() => undefined)).arrayBuffer());
    const onCdn =
      (fault: ReturnType<Faults>): Faults =>
      ({ at }) =>
        at === "cdn" ? fault : undefined;
    await expect(ask(onCdn({ kind: "refuse" }))).rejects.toThrow();
    await expect(ask(onCdn({ kind: "drop", share: 0.5 })).then((r) => r.arrayBuffer())).rejects.toThrow();
    const short = await ask(onCdn({ kind: "truncate", share: 0.25 }));
    expect(short.headers.get("content-range")).toBe(`bytes 1000-1249/${shardFile.size}`);
    expect((await short.arrayBuffer()).byteLength).toBe(250);
    const corrupt = new Uint8Array(await (await ask(onCdn({ kind: "corrupt", share: 0.3 }))).arrayBuffer());
    expect([...corrupt.keys()].filter((i) => corrupt[i] !== good[i])).toEqual([300]);
    expect((await ask(onCdn({ kind: "whole" }))).status).toBe(200);
    const other = await ask(onCdn({ kind: "other-range" }));
    expect(other.headers.get("content-range")).toBe(`bytes 0-999/${shardFile.size}`);
    expect((await ask(({ at }) => (at === "resolve" ? { kind: "expired" } : undefined))).status).toBe(403);
    const busy = await ask(() => ({ kind: "status", status: 429, headers: { "Retry-After": "7" } }));
    expect([busy.status, busy.headers.get("retry-after")]).toEqual([429, "7"]);
  });

  it("gives the same faults for the same seed", () => {
    const kinds = (seed: number): unknown[] => {
      const { faults } = seededFaults(seed, { rate: 0.5, most: 20 });
      const places = ["api", "resolve", "cdn"] as const;
      return Array.from({ length: 60 }, (_, i) => faults({ at: places[i % 3]!, path: "p", begin: 0 }));
    };
    expect(kinds(7)).toEqual(kinds(7));
    expect(kinds(7)).not.toEqual(kinds(8));
  });

  it("serves the built-in model, and keeps an old commit when a branch moves on", async () => {
    const builtIn = createRepository("tabtune/tabtune-3m", folderFiles("public/models/tabtune-3m"));
    const first = builtIn.revisions.get("main")!;
    const second = pushCommit(builtIn, [memoryFile("config.json", "{}")]);
    const { endpoint } = await start({ repositories: [builtIn] });
    const config = (revision: string): Promise<string> =>
      fetch(`${endpoint}/tabtune/tabtune-3m/resolve/${revision}/config.json`).then((answer) => answer.text());
    expect(JSON.parse(await config(first))).toMatchObject({ model_type: "llama" });
    expect(await config("main")).toBe(await config(second));
  });
});
