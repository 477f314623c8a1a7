// Files and answers that were made to harm: each is refused by name before anything large is fetched or computed, and
// nothing of it stays in storage or memory.

import "fake-indexeddb/auto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { IDBFactory } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRepository, memoryFile, type HubFile } from "../../e2e/hub/repository.js";
import { startHub, type RunningHub } from "../../e2e/hub/server.js";
import type { HubReference } from "../core/run-record";
import type { Engine } from "./engine";
import { hubEngine, letterTokenizer, tinyModel, withFiles } from "./hub.fixture";

const good = [...tinyModel({ shards: 1 }).filter(({ path }) => path !== "tokenizer.json"), letterTokenizer];
const config = parsed("config.json");
const tokenizer = parsed("tokenizer.json");
const weights = "model.safetensors";
const indexName = "model.safetensors.index.json";

let hub: RunningHub | undefined;
beforeEach(() => {
  globalThis.indexedDB = new IDBFactory();
});
afterEach(async () => {
  await hub?.close();
  hub = undefined;
});

function parsed(file: string): Record<string, unknown> {
  const [bytes] = good.find(({ path }) => path === file)!.read(0, 1e6);
  return JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
}

/** A safetensors beginning with this header text, and so many bytes of zeros behind it. */
function header(text: string, dataBytes = 0, claimed?: bigint): Uint8Array {
  const json = new TextEncoder().encode(text);
  const bytes = new Uint8Array(8 + json.length + dataBytes);
  new DataView(bytes.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  bytes.set(json, 8);
  return bytes;
}
const tensor = (
  name: string,
  begin: number,
  end: number,
  shape = `[${(end - begin) / 2}]`,
  dtype = "BF16",
): string => `${JSON.stringify(name)}:{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`;

/** A listed file of any size whose bytes are made when asked for: `start`, then zeros. */
function endless(path: string, size: number, start: Uint8Array = new Uint8Array()): HubFile {
  function* read(begin: number, end: number): Generator<Uint8Array> {
    if (begin < start.length) yield start.subarray(begin, Math.min(end, start.length));
    for (let at = Math.max(begin, start.length); at < end; at += 1 << 20) {
      yield new Uint8Array(Math.min(1 << 20, end - at));
    }
  }
  return { ...memoryFile(path, ""), size, lfs: true, read };
}

const many = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(",");
const nested = "[".repeat(1_000_000) + "]".repeat(1_000_000);
const changed = (changes: Record<string, unknown>): string => JSON.stringify({ ...config, ...changes });

type Changes = Record<string, string | Uint8Array | undefined> | HubFile;
const cases: [string, Changes, RegExp][] = [
  ["a header of 2⁶³ bytes", { [weights]: header("{}", 64, 1n << 63n) }, /header claims 9223372036854775808/],
  ["a header longer than the file", { [weights]: header("{}", 0, 4000n) }, /cut off/],
  [
    "a header of a gigabyte in a file that has it",
    endless(weights, 2 ** 31, header("{}", 0, 1_000_000_000n)),
    /header claims 1000000000 bytes/,
  ],
  ["a header that is no JSON", { [weights]: header("{{{{{{{{", 8) }, /header doesn't end|no valid JSON/],
  [
    "a header with a key twice",
    { [weights]: header(`{${tensor("a", 0, 8)},${tensor("a", 8, 16)}}`, 16) },
    /"a" twice/,
  ],
  [
    "tensors that overlap",
    { [weights]: header(`{${tensor("a", 0, 8)},${tensor("b", 4, 12)}}`, 12) },
    /overlaps/,
  ],
  [
    "a hole between tensors",
    { [weights]: header(`{${tensor("a", 0, 8)},${tensor("b", 10, 12)}}`, 12) },
    /hole/,
  ],
  ["a tensor behind the end", { [weights]: header(`{${tensor("a", 0, 8e12)}}`, 16) }, /cut off/],
  [
    "a shape whose product overflows",
    { [weights]: header(`{${tensor("a", 0, 16, "[4294967296,4294967296,4294967296]")}}`, 16) },
    /takes \d+ bytes/,
  ],
  ["negative offsets", { [weights]: header(`{${tensor("a", -8, 8, "[8]")}}`, 16) }, /data_offsets/],
  [
    "an unknown dtype",
    { [weights]: header(`{${tensor("a", 0, 16, "[8]", "constructor")}}`, 16) },
    /unknown dtype/,
  ],
  [
    "a shape of a million dimensions",
    { [weights]: header(`{${tensor("a", 0, 2, `[${many(1_000_000, () => "1")}]`)}}`, 2) },
    /shape/,
  ],
  [
    "a header of brackets in brackets",
    { [weights]: header(`{"a":${nested}}`, 2) },
    /nested more than 100 deep/,
  ],
  [
    "a shape of brackets in brackets",
    { [weights]: header(`{${tensor("a", 0, 2, nested.slice(-50, 50))}}`, 2) },
    /shape/,
  ],
  [
    "a pickle under another name",
    { [weights]: Uint8Array.of(0x80, 2, 0x7d, 0x71, ...new Uint8Array(80)) },
    /pickle/,
  ],
  ["a web page as weights", { [weights]: `<!doctype html>${" ".repeat(100)}` }, /web page/],
  [
    "a pointer as weights",
    { [weights]: `version https://git-lfs.github.com/spec/v1\noid sha256:${"0".repeat(64)}` },
    /LFS pointer/,
  ],
  [
    "an index that leads out of the folder",
    { [weights]: undefined, [indexName]: '{"weight_map":{"a":"../../etc/passwd.safetensors"}}' },
    /without folders/,
  ],
  [
    "an index of five thousand shards",
    {
      [weights]: undefined,
      [indexName]: `{"weight_map":{${many(5000, (i) => `"t${i}":"s${i}.safetensors"`)}}}`,
    },
    /5000 shards/,
  ],
  ["an index without a map", { [weights]: undefined, [indexName]: '{"weight_map":[1]}' }, /weight_map/],
  [
    "an index of brackets in brackets",
    { [weights]: undefined, [indexName]: `{"weight_map":${nested}}` },
    /index\.json: brackets are nested more than 100 deep/,
  ],
  ["an index of a gigabyte", { ...endless(indexName, 1e9), path: indexName }, /at most 32000000 are read/],
  ["a configuration that is no JSON", { "config.json": "{" }, /config\.json: no valid JSON/],
  ["a configuration that is a list", { "config.json": "[1]" }, /must be a JSON object/],
  [
    "a billion layers",
    { "config.json": changed({ num_hidden_layers: 1e9 }) },
    /num_hidden_layers is 1000000000; expected at most 1000/,
  ],
  [
    "a hidden size of 10¹⁵",
    { "config.json": changed({ hidden_size: 1e15, num_attention_heads: 1e13 }) },
    /config\.json|hidden_size/,
  ],
  ["no heads", { "config.json": changed({ num_attention_heads: 0 }) }, /num_attention_heads is 0/],
  ["a text as a size", { "config.json": changed({ intermediate_size: "1e9" }) }, /intermediate_size/],
  [
    "a configuration with a prototype",
    { "config.json": '{"__proto__":{"model_type":"llama"}}' },
    /model_type/,
  ],
  [
    "a configuration of brackets in brackets",
    { "config.json": `{"model_type":${nested.slice(750_000, -750_000)}}` },
    /config\.json: brackets are nested more than 100 deep/,
  ],
  ["a configuration of a gigabyte", endless("config.json", 1e9), /at most 1000000 are read/],
  ["a tokenizer that is no JSON", { "tokenizer.json": "nothing" }, /tokenizer\.json: no valid JSON/],
  [
    "a tokenizer without a vocabulary",
    { "tokenizer.json": '{"model":{"type":"BPE"}}' },
    /model\.vocab is missing; expected an object of tokens/,
  ],
  [
    "a tokenizer of another kind",
    { "tokenizer.json": '{"model":{"type":"Evil","vocab":{}}}' },
    /kind is "Evil"/,
  ],
  [
    "a tokenizer whose pattern backtracks for ever",
    {
      "tokenizer.json": JSON.stringify({
        ...tokenizer,
        normalizer: { type: "Replace", pattern: { Regex: "(?:[a-z]+)+!" }, content: "" },
      }),
    },
    /in so many ways/,
  ],
  [
    "a tokenizer of brackets in brackets",
    { "tokenizer.json": `{"decoder":${nested}}` },
    /tokenizer\.json: brackets are nested more than 100 deep/,
  ],
  [
    "a tokenizer of three million objects",
    { "tokenizer.json": `[${many(3_000_000, () => "{}")}]` },
    /tokenizer\.json: it holds more than 5000000 values/,
  ],
  ["a tokenizer of a gigabyte", endless("tokenizer.json", 1e9), /at most 100000000 are read/],
  ["a template of a megabyte", { "chat_template.jinja": "x".repeat(1e6) }, /1000000 characters/],
  [
    "a template that searches for ever",
    {
      "chat_template.jinja": `{% set n = namespace(s="aaaa") %}{% for i in range(18) %}{% set n.s = n.s ~ n.s %}{% endfor %}{{ (n.s[:250000] ~ "b" ~ n.s[:250000]) in n.s }}`,
    },
    /more than 1000000 steps\), even one of a single question/,
  ],
  ["a template that is no Jinja", { "chat_template.jinja": "{% for %}" }, /no valid Jinja/],
  [
    "a template of parentheses",
    { "chat_template.jinja": `{{ ${"(".repeat(30_000)}1${")".repeat(30_000)} }}` },
    /no valid Jinja/,
  ],
  [
    "a template that is a number",
    { "chat_template.jinja": undefined, "tokenizer_config.json": '{"chat_template":7}' },
    /neither a text nor a list/,
  ],
];

async function engineAt(endpoint: string): Promise<Engine> {
  const engine = hubEngine();
  await engine.setHub({ endpoint });
  return engine;
}

describe("a repository with hostile files", () => {
  it("would be accepted without them", async () => {
    const repository = createRepository("evil/model", good);
    hub = await startHub({ repositories: [repository] });
    const engine = await engineAt(hub.endpoint);
    const { reference } = await engine.inspectModel({ repository: "evil/model" });
    await engine.downloadModel(reference);
    await engine.openModel(reference);
  });

  it.each(cases)("is refused: %s", { timeout: 30_000 }, async (_, changes, message) => {
    const files = isFile(changes)
      ? [
          ...good.filter(
            ({ path }) => path !== changes.path && (changes.path !== indexName || path !== weights),
          ),
          changes,
        ]
      : withFiles(good, changes);
    const repository = createRepository("evil/model", files);
    hub = await startHub({ repositories: [repository] });
    const engine = await engineAt(hub.endpoint);
    const before = bytesInUse();
    const refused = expect(
      engine
        .inspectModel({ repository: "evil/model" })
        .then(({ reference }) => engine.downloadModel(reference)),
    ).rejects;
    await refused.toMatchObject({
      name: expect.stringMatching(/^(bad-model-file|unsupported-model)$/),
      message: expect.stringMatching(message),
    });
    expect(await engine.storedModels()).toEqual([]);
    const reference: HubReference = {
      kind: "hub",
      name: repository.id,
      repository: repository.id,
      commit: repository.revisions.get("main")!,
      endpoint: hub.endpoint,
    };
    await expect(engine.downloadModel(reference)).rejects.toThrow(message);
    await expect(engine.openModel(reference)).rejects.toMatchObject({ name: "file-missing" });
    const served = hub.log.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(served).toBeLessThan(30e6);
    await hub.close();
    await expect.poll(() => bytesInUse() - before, { timeout: 10_000 }).toBeLessThan(20e6);
  });
});

describe("a server that only claims to be a Hub", () => {
  const sha = "0".repeat(40);
  const about = { sha, gated: false, private: false };
  const answers: [string, (url: URL) => { body: string; link?: string }, RegExp][] = [
    [
      "that answers with a page",
      () => ({ body: "<!doctype html><p>Log in to the hotel's network" }),
      /no JSON/,
    ],
    ["that gives no commit", () => ({ body: '{"sha":"../../x"}' }), /doesn't answer as a Hub/],
    [
      "whose list never ends",
      (url) =>
        url.pathname.includes("/revision/")
          ? { body: JSON.stringify(about) }
          : { body: "[]", link: `<${url.href}>; rel="next"` },
      /lists more than/,
    ],
    [
      "that lists a file of negative size",
      (url) => ({
        body: url.pathname.includes("/revision/")
          ? JSON.stringify(about)
          : JSON.stringify([{ type: "file", path: "config.json", size: -1, oid: sha }]),
      }),
      /doesn't answer as a Hub/,
    ],
  ];
  it.each(answers)("%s is refused", async (_, answer, message) => {
    let requests = 0;
    const server = createServer((request, response) => {
      requests++;
      const { body, link } = answer(new URL(request.url!, `http://${request.headers.host}`));
      if (link) response.setHeader("Link", link);
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const engine = await engineAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    await expect(engine.inspectModel({ repository: "evil/model" })).rejects.toThrow(message);
    expect(requests).toBeLessThan(100);
    server.close();
  });

  it.each([
    "ftp://x",
    "http://hub.example",
    "https://user:word@hub.example",
    "nonsense",
    "https://hub.example/?a",
  ])("is not even asked at %s", async (endpoint) => {
    await expect(hubEngine().setHub({ endpoint })).rejects.toMatchObject({ name: "bad-config" });
  });
});

/** Of the heap and of array buffers, after a collection; the buffers that it found are given back a little later. */
function bytesInUse(): number {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function isFile(changes: Changes): changes is HubFile {
  return typeof (changes as { read?: unknown }).read === "function";
}
