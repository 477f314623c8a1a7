import { describe, expect, it } from "vitest";
import { HubClient, parseEndpoint, type HubOptions, type Waiting } from "./hub-client";
import { PermanentHubError, RetryableHubError } from "./hub-error";

const subject = { label: "o/m/f", repository: "o/m", file: "f" };
const file = (length: number) => ({ begin: 0, end: length, fileBytes: length });

/** A server of prepared answers, one a request, and a clock that only sleeping moves. */
function scripted(answers: (() => Response | Promise<Response>)[], options: Partial<HubOptions> = {}) {
  const requests: Request[] = [];
  const slept: number[] = [];
  const client = new HubClient({
    endpoint: "https://hub.example/mirror",
    fetch: async (input, init) => {
      requests.push(new Request(input, init));
      return answers.shift()!();
    },
    sleep: async (milliseconds) => void slept.push(milliseconds),
    ...options,
  });
  const get = (length = 5): Promise<string> =>
    client
      .range(client.url("o/m/resolve/c/f"), subject, file(length), {})
      .then((parts) => new TextDecoder().decode(Buffer.concat(parts)));
  return { client, requests, slept, get };
}
const ok = (text = "hello"): Response => new Response(text);
const answer =
  (status: number, headers: Record<string, string> = {}) =>
  () =>
    new Response("", { status, headers });

/** A body that breaks after `text`. */
function breaking(text: string): Response {
  let isSent = false;
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      if (isSent) controller.error(new TypeError("network error"));
      else controller.enqueue(new TextEncoder().encode(text));
      isSent = true;
    },
  });
  return new Response(body, { status: 206 });
}

describe("waiting", () => {
  it("follows Retry-After in seconds, as a date, and the RateLimit header", async () => {
    const inTen = new Date(Date.now() + 10_000).toUTCString();
    const { slept, get } = scripted([
      answer(429, { "Retry-After": "7" }),
      answer(503, { "Retry-After": inTen }),
      answer(429, { RateLimit: '"resolvers";r=0;t=42' }),
      ok,
    ]);
    expect(await get()).toBe("hello");
    expect(slept[0]).toBe(7000);
    expect(slept[1]).toBeGreaterThan(8000);
    expect(slept[1]).toBeLessThanOrEqual(10_000);
    expect(slept[2]).toBe(42_000);
  });

  it("doubles where the server says nothing, and ends with what was the matter", async () => {
    const { slept, get, requests } = scripted(Array.from({ length: 20 }, () => answer(500)));
    await expect(get()).rejects.toThrow(/o\/m\/f: the Hub has a fault of its own \(it answered 500\)/);
    expect(requests).toHaveLength(8);
    slept.forEach((milliseconds, i) => {
      expect(milliseconds).toBeGreaterThanOrEqual(Math.min(30_000, 500 * 2 ** i) * 0.75);
      expect(milliseconds).toBeLessThanOrEqual(Math.min(30_000, 500 * 2 ** i));
    });
  });

  it("is not done when the server asks for an hour", async () => {
    const { slept, get } = scripted([answer(429, { "Retry-After": "3600" })]);
    await expect(get()).rejects.toThrow(/asks to wait 3600 s/);
    expect(slept).toEqual([]);
  });

  it("for a limit holds for every request, and is told to each", async () => {
    let wake = (): void => undefined;
    const answers = [answer(429, { "Retry-After": "5" }), ok, ok];
    const { client, requests } = scripted(answers, {
      sleep: () => new Promise((resolve) => (wake = resolve)),
    });
    const told: Waiting[] = [];
    const ask = () =>
      client.range(client.url("x"), subject, file(5), { onWait: (waiting) => told.push(waiting) });
    const first = ask();
    await expect.poll(() => told.length).toBe(1);
    const second = ask();
    await expect.poll(() => told.length).toBe(2);
    expect(requests).toHaveLength(1);
    wake();
    await Promise.all([first, second]);
    expect(told[1]).toMatchObject({
      milliseconds: 5000,
      reason: expect.stringContaining("limits how often"),
    });
  });

  it("ends at once when it is stopped", async () => {
    const abort = new AbortController();
    const { client } = scripted([answer(429, { "Retry-After": "60" })], {
      sleep: () => new Promise(() => undefined),
    });
    const asked = client.range(client.url("x"), subject, file(5), { signal: abort.signal });
    const ended = expect(asked).rejects.toMatchObject({ name: "stopped" });
    setTimeout(() => abort.abort(), 5);
    await ended;
  });
});

describe("a broken body", () => {
  it("goes on behind its last byte", async () => {
    const rest = (): Response =>
      new Response("llo", { status: 206, headers: { "Content-Range": "bytes 2-4/5" } });
    const { get, requests } = scripted([() => breaking("he"), rest]);
    expect(await get()).toBe("hello");
    expect(requests.map(({ headers }) => headers.get("range"))).toEqual(["bytes=0-4", "bytes=2-4"]);
  });

  it("that brings something every time is never given up before the end", async () => {
    const letters = [..."abcdefghijklmnopqrst"];
    const { get } = scripted(letters.map((letter) => () => breaking(letter)));
    expect(await get(letters.length)).toBe(letters.join(""));
  });

  it("that falls silent is given up and asked for again", async () => {
    const silent = (init?: RequestInit): Promise<Response> =>
      new Promise((_, reject) => {
        init?.signal?.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
      });
    let requests = 0;
    const client = new HubClient({
      fetch: (_, init) => (requests++ === 0 ? silent(init) : Promise.resolve(ok())),
      sleep: () => Promise.resolve(),
      silenceMilliseconds: 20,
    });
    expect(await client.range(client.url("x"), subject, file(5), {})).toHaveLength(1);
    expect(requests).toBe(2);
  });

  it("longer than was asked for is cut", async () => {
    const { client } = scripted([() => new Response("hello and more", { status: 206 })]);
    const parts = await client.range(client.url("x"), subject, { begin: 0, end: 5, fileBytes: 100 }, {});
    expect(new TextDecoder().decode(Buffer.concat(parts))).toBe("hello");
  });
});

describe("a refusal", () => {
  const cases: [number, Record<string, string>, string | undefined, string, RegExp][] = [
    [
      401,
      { "X-Error-Code": "GatedRepo" },
      undefined,
      "hub-unauthorized",
      /gated.*Accept its terms at https:\/\/hub\.example\/mirror\/o\/m/,
    ],
    [403, { "X-Error-Code": "GatedRepo" }, "t", "hub-unauthorized", /account has not been granted access/],
    [
      401,
      { "X-Error-Code": "RepoNotFound" },
      undefined,
      "hub-unauthorized",
      /not there under this name, or it is private/,
    ],
    [404, { "X-Error-Code": "RepoNotFound" }, "t", "hub-missing", /token's account may not read it/],
    [401, {}, "t", "hub-unauthorized", /doesn't accept the token/],
    [403, {}, "t", "hub-unauthorized", /lacks the permission/],
    [404, { "X-Error-Code": "EntryNotFound" }, undefined, "hub-missing", /no such file/],
    [404, { "X-Error-Code": "RevisionNotFound" }, undefined, "hub-missing", /has no revision/],
    [418, {}, undefined, "hub-missing", /answered 418/],
  ];
  it.each(cases)(
    "of %i %o with token %s is %s and not tried again",
    async (status, headers, token, name, message) => {
      const { get, requests } = scripted([answer(status, headers)], token === undefined ? {} : { token });
      const error: unknown = await get().catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(PermanentHubError);
      expect(error).toMatchObject({ name, message: expect.stringMatching(message) });
      expect(requests).toHaveLength(1);
    },
  );

  it("of another origin means that its address has expired: the repository's own is asked again, at once", async () => {
    const elsewhere = (): Response => {
      const response = new Response("", { status: 403 });
      Object.defineProperty(response, "url", { value: "https://storage.example/signed" });
      return response;
    };
    const { get, slept, requests } = scripted([elsewhere, elsewhere, ok], { token: "t" });
    expect(await get()).toBe("hello");
    expect(slept).toEqual([0, 0]);
    expect(new Set(requests.map(({ url }) => url))).toEqual(
      new Set(["https://hub.example/mirror/o/m/resolve/c/f"]),
    );
  });

  it.each([
    ["a server that knows no ranges", () => new Response("hello world"), /whole files only/],
    [
      "another range than was asked for",
      () => new Response("world", { status: 206, headers: { "Content-Range": "bytes 6-10/11" } }),
      /answers with/,
    ],
    [
      "a file that has another size by now",
      () => new Response("hello", { status: 206, headers: { "Content-Range": "bytes 0-4/12" } }),
      /12 bytes, 11 are listed/,
    ],
    ["a file that has become shorter", answer(416), /shorter than listed/],
  ])("is kept apart from %s, which is tried again and then told", async (_, given, message) => {
    const { client } = scripted(Array.from({ length: 9 }, () => given));
    const asked = client.range(client.url("x"), subject, { begin: 0, end: 5, fileBytes: 11 }, {});
    const error: unknown = await asked.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RetryableHubError);
    expect(error).toMatchObject({ name: "hub-changed", message: expect.stringMatching(message) });
  });
});

describe("the token", () => {
  it("goes to the endpoint's origin alone, with no referrer, cookie or cache", async () => {
    const { client, requests } = scripted([ok, ok], { token: " secret " });
    await client.range(client.url("x"), subject, file(5), {});
    await client.range(new URL("https://storage.example/x"), subject, file(5), {});
    expect(requests.map(({ headers }) => headers.get("authorization"))).toEqual(["Bearer secret", null]);
    for (const { referrerPolicy, credentials, cache } of requests) {
      expect([referrerPolicy, credentials, cache]).toEqual(["no-referrer", "omit", "no-store"]);
    }
  });

  it("is refused when it can't be one", () => {
    expect(() => new HubClient({ token: "a\nb" })).toThrow(/characters that no token has/);
    expect(() => new HubClient({ token: "  " })).not.toThrow();
  });
});

describe("the endpoint", () => {
  it("ends with a slash and may lie below a path", () => {
    expect(parseEndpoint(" https://hf-mirror.example/hub/ ").href).toBe("https://hf-mirror.example/hub/");
    expect(new HubClient({ endpoint: "https://m.example/hub" }).url("api/x").href).toBe(
      "https://m.example/hub/api/x",
    );
    expect(parseEndpoint("http://127.0.0.1:8787").href).toBe("http://127.0.0.1:8787/");
  });
});
