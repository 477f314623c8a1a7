// A Hugging Face Hub on this machine, for tests: the addresses, headers, redirects and refusals that a browser meets at
// the real one, on two origins (two ports), with faults on demand. What the real one does is told by
// https://huggingface.co/docs/hub and by the client in https://github.com/huggingface/huggingface.js (packages/hub).
//
//   GET /api/models/REPO/revision/REV                     what REV is, and what the card says
//   GET /api/models/REPO/tree/REV?recursive=true          files in pages, joined by Link headers
//   GET /REPO/resolve/REV/PATH                            small files: 307 within the origin; large ones: 302 to the
//                                                         other origin, by a signed address that expires

import { createHmac, randomBytes } from "node:crypto";
import { createServer } from "node:http";

/**
 * @typedef {import("./repository.js").HubFile} HubFile
 * @typedef {import("./repository.js").HubRepository} HubRepository
 * @typedef {import("./faults.js").Fault} Fault
 * @typedef {import("./faults.js").Faults} Faults
 *
 * @typedef {object} HubOptions
 * @property {readonly HubRepository[]} repositories
 * @property {Readonly<Record<string, readonly string[]>>} [tokens]  token → gated and private repositories that it may read
 * @property {Faults} [faults]
 * @property {number} [pageSize]            files in a page of a tree
 * @property {number} [signedSeconds]       how long a signed address is good for
 * @property {{ requests: number, seconds: number }} [resolverLimit]  requests to resolve in a window, before 429
 * @property {number} [bytesPerSecond]      of all bodies together, as a line has it
 * @property {number} [port]
 *
 * @typedef {object} LoggedRequest
 * @property {"hub" | "cdn"} origin
 * @property {string} method
 * @property {string} url
 * @property {string | undefined} range
 * @property {string | undefined} authorization
 * @property {number} status      0 when the connection was closed without an answer
 * @property {number} bytes       of the body, as sent
 * @property {Fault | undefined} fault
 *
 * @typedef {object} RunningHub
 * @property {string} endpoint
 * @property {string} cdn
 * @property {LoggedRequest[]} log
 * @property {(faults: Faults | undefined) => void} setFaults
 * @property {() => Promise<void>} close
 *
 * @typedef {import("node:http").IncomingMessage} Incoming
 * @typedef {import("node:http").ServerResponse} Outgoing
 */

/** What the real Hub lets pages of other origins see. Retry-After and RateLimit are not among it. */
const EXPOSED =
  "X-Repo-Commit,X-Request-Id,X-Error-Code,X-Error-Message,X-Total-Count,ETag,Link,Accept-Ranges,Content-Range,X-Linked-Size,X-Linked-ETag,X-Xet-Hash";

/**
 * @param {HubOptions} options
 * @returns {Promise<RunningHub>}
 */
export async function startHub(options) {
  const repositories = new Map(options.repositories.map((repository) => [repository.id, repository]));
  const { tokens = {}, pageSize = 1000, signedSeconds = 3600, resolverLimit } = options;
  const secret = randomBytes(16);
  /** @type {LoggedRequest[]} */
  const log = [];
  let faults = options.faults;
  const line = options.bytesPerSecond === undefined ? undefined : slowLine(options.bytesPerSecond);
  let windowStart = 0;
  let windowRequests = 0;

  const signature = (/** @type {string} */ path, /** @type {number} */ expires) =>
    createHmac("sha256", secret).update(`${path}\n${expires}`).digest("hex");

  /** @param {Incoming} request */
  const mayRead = (request, /** @type {HubRepository} */ repository) => {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (token !== undefined && !Object.hasOwn(tokens, token)) return "bad-token";
    if (!repository.gated && !repository.private) return "yes";
    if (token === undefined) return "no-token";
    return tokens[token]?.includes(repository.id) ? "yes" : "not-granted";
  };

  const hub = createServer((request, response) => {
    const url = new URL(request.url ?? "/", endpoint);
    const entry = logged("hub", request, url);
    response.setHeader("Access-Control-Allow-Origin", request.headers.origin ?? "*");
    response.setHeader("Vary", "Origin");
    response.setHeader("Access-Control-Expose-Headers", EXPOSED);
    if (preflight(request, response, entry)) return;
    void answerHub(request, response, url, entry).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  const storage = createServer((request, response) => {
    const url = new URL(request.url ?? "/", cdn);
    const entry = logged("cdn", request, url);
    response.setHeader("Access-Control-Allow-Origin", "*");
    response.setHeader("Access-Control-Expose-Headers", "ETag,Accept-Ranges,Content-Range,Content-Length");
    if (preflight(request, response, entry)) return;
    void answerStorage(request, response, url, entry).catch((error) => {
      console.error(error);
      response.destroy();
    });
  });
  const endpoint = await listen(hub, options.port ?? 0);
  const cdn = await listen(storage, 0);

  /** @returns {LoggedRequest} */
  function logged(
    /** @type {"hub" | "cdn"} */ origin,
    /** @type {Incoming} */ request,
    /** @type {URL} */ url,
  ) {
    const { range, authorization } = request.headers;
    const entry = {
      origin,
      method: request.method ?? "GET",
      url: url.pathname + url.search,
      range,
      authorization,
      status: 0,
      bytes: 0,
      fault: undefined,
    };
    log.push(entry);
    return entry;
  }

  async function answerHub(
    /** @type {Incoming} */ request,
    /** @type {Outgoing} */ response,
    /** @type {URL} */ url,
    /** @type {LoggedRequest} */ entry,
  ) {
    const path = decodeURIComponent(url.pathname);
    const api = /^\/api\/models\/(.+?)\/(revision|tree)\/(.+)$/.exec(url.pathname);
    const resolve = /^\/(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname);
    const cache = /^\/api\/resolve-cache\/models\/(.+?)\/([0-9a-f]{40})\/(.+)$/.exec(url.pathname);
    const match = cache ?? resolve ?? api;
    if (!match) return refuse(response, entry, 404, "", "Not found");
    const repository = repositories.get(decodeURIComponent(match[1] ?? ""));
    const rights = repository && mayRead(request, repository);
    if (rights === "bad-token")
      return refuse(response, entry, 401, "", "Invalid credentials in Authorization header");
    if (!repository || (repository.private && rights !== "yes")) {
      const anonymous = request.headers.authorization === undefined;
      return refuse(response, entry, anonymous ? 401 : 404, "RepoNotFound", "Repository not found");
    }
    const revision = decodeURIComponent((api ? match[3] : match[2]) ?? "");
    const commit = repository.commits.has(revision) ? revision : repository.revisions.get(revision);
    const files = commit === undefined ? undefined : repository.commits.get(commit);
    if (commit === undefined || !files) {
      return refuse(response, entry, 404, "RevisionNotFound", `Invalid rev id: ${revision}`);
    }
    response.setHeader("X-Repo-Commit", commit);
    if (api) {
      const fault = faults?.({ at: "api", path, begin: undefined });
      entry.fault = fault;
      if (await failed(response, entry, fault)) return;
      const body = api[2] === "revision" ? described(repository, commit, files) : tree(url, response, files);
      return sendJson(response, entry, body, fault);
    }
    const file = files.find((candidate) => candidate.path === decodeURIComponent(match[3] ?? ""));
    if (repository.gated && rights !== "yes") {
      const why =
        rights === "no-token"
          ? `Access to model ${repository.id} is restricted. You must have access to it and be authenticated to access it. Please log in.`
          : `Access to model ${repository.id} is restricted and you are not in the authorized list. Visit ${endpoint}/${repository.id} to ask for access.`;
      return refuse(response, entry, rights === "no-token" ? 401 : 403, "GatedRepo", why);
    }
    if (!file) return refuse(response, entry, 404, "EntryNotFound", "Entry not found");
    if (cache) {
      const fault = faults?.({ at: "cdn", path: file.path, begin: rangeStart(request) });
      entry.fault = fault;
      if (await failed(response, entry, fault)) return;
      response.setHeader("ETag", `"${file.oid}"`);
      return sendFile(request, response, entry, file, fault, line);
    }
    const fault = faults?.({ at: "resolve", path: file.path, begin: rangeStart(request) });
    entry.fault = fault;
    if (await failed(response, entry, fault)) return;
    const limited = overLimit();
    if (limited) {
      response.setHeader("Retry-After", String(limited));
      response.setHeader("RateLimit", `"resolvers";r=0;t=${limited}`);
      response.setHeader(
        "RateLimit-Policy",
        `"fixed window";"resolvers";q=${resolverLimit?.requests};w=${resolverLimit?.seconds}`,
      );
      return refuse(response, entry, 429, "", "We had to rate limit you");
    }
    response.setHeader("Cache-Control", "no-store");
    if (!file.lfs) {
      return redirect(
        response,
        entry,
        307,
        `/api/resolve-cache/models/${repository.id}/${commit}/${match[3]}`,
      );
    }
    response.setHeader("X-Linked-Size", String(file.size));
    response.setHeader("X-Linked-ETag", `"${file.sha256}"`);
    const place = `/xet-bridge-us/${encodeURIComponent(repository.id)}/${commit}/${match[3]}`;
    const lifetime = fault?.kind === "expired" ? -1 : signedSeconds;
    const expires = Math.floor(Date.now() / 1000) + lifetime;
    redirect(
      response,
      entry,
      302,
      `${cdn}${place}?Expires=${expires}&Signature=${signature(place, expires)}`,
    );
  }

  async function answerStorage(
    /** @type {Incoming} */ request,
    /** @type {Outgoing} */ response,
    /** @type {URL} */ url,
    /** @type {LoggedRequest} */ entry,
  ) {
    const expires = Number(url.searchParams.get("Expires"));
    const isGood = url.searchParams.get("Signature") === signature(url.pathname, expires);
    if (!isGood || expires < Date.now() / 1000) return denied(response, entry);
    const [, , id = "", commit = "", ...path] = url.pathname.split("/");
    const files = repositories.get(decodeURIComponent(id))?.commits.get(commit);
    const file = files?.find((candidate) => candidate.path === decodeURIComponent(path.join("/")));
    if (!file) return denied(response, entry);
    const fault = faults?.({ at: "cdn", path: file.path, begin: rangeStart(request) });
    entry.fault = fault;
    if (await failed(response, entry, fault)) return;
    response.setHeader("ETag", `"${file.sha256}"`);
    sendFile(request, response, entry, file, fault, line);
  }

  function overLimit() {
    if (!resolverLimit) return 0;
    const now = Date.now() / 1000;
    if (now - windowStart > resolverLimit.seconds) {
      windowStart = now;
      windowRequests = 0;
    }
    windowRequests++;
    return windowRequests > resolverLimit.requests
      ? Math.max(1, Math.ceil(windowStart + resolverLimit.seconds - now))
      : 0;
  }

  /** The body of /api/models/REPO/revision/REV, of which a client needs little. */
  function described(
    /** @type {HubRepository} */ repository,
    /** @type {string} */ commit,
    /** @type {readonly HubFile[]} */ files,
  ) {
    const { id, gated, licence, baseModel } = repository;
    return {
      _id: commit.slice(0, 24),
      id,
      modelId: id,
      private: repository.private,
      gated,
      disabled: false,
      sha: commit,
      tags: ["safetensors", ...(licence ? [`license:${licence}`] : [])],
      cardData: { ...(licence && { license: licence }), ...(baseModel && { base_model: [baseModel] }) },
      siblings: files.map(({ path }) => ({ rfilename: path })),
    };
  }

  function tree(
    /** @type {URL} */ url,
    /** @type {Outgoing} */ response,
    /** @type {readonly HubFile[]} */ files,
  ) {
    const first = Number(url.searchParams.get("cursor") ?? 0);
    const page = files.slice(first, first + pageSize);
    if (first + pageSize < files.length) {
      const next = new URL(url);
      next.searchParams.set("cursor", String(first + pageSize));
      response.setHeader("Link", `<${next.href}>; rel="next"`);
    }
    return page.map(({ path, size, oid, lfs, sha256 }) => ({
      type: "file",
      oid,
      size,
      path,
      ...(lfs && {
        lfs: { oid: sha256, size, pointerSize: 134 },
        xetHash: sha256.split("").reverse().join(""),
      }),
    }));
  }

  return {
    endpoint,
    cdn,
    log,
    setFaults: (next) => {
      faults = next;
    },
    close: async () => {
      await Promise.all([hub, storage].map((server) => closed(server)));
    },
  };
}

/**
 * Answers in place of the wanted body. True when it did.
 * @param {Outgoing} response
 * @param {LoggedRequest} entry
 * @param {Fault | undefined} fault
 */
async function failed(response, entry, fault) {
  if (fault?.kind === "slow") await new Promise((resolve) => setTimeout(resolve, fault.milliseconds));
  if (fault?.kind === "refuse") {
    response.destroy();
    return true;
  }
  if (fault?.kind === "status") {
    for (const [name, value] of Object.entries(fault.headers ?? {})) response.setHeader(name, value);
    refuse(response, entry, fault.status, fault.errorCode ?? "", fault.message ?? `Status ${fault.status}`);
    return true;
  }
  return false;
}

/**
 * @param {Incoming} request
 * @param {Outgoing} response
 * @param {LoggedRequest} entry
 */
function preflight(request, response, entry) {
  if (request.method === "OPTIONS") {
    entry.status = 204;
    response.writeHead(204, {
      "Access-Control-Allow-Methods": "GET, HEAD",
      "Access-Control-Allow-Headers": request.headers["access-control-request-headers"] ?? "",
      "Access-Control-Max-Age": "86400",
    });
    response.end();
    return true;
  }
  if (request.method === "GET" || request.method === "HEAD") return false;
  refuse(response, entry, 405, "", "Method not allowed");
  return true;
}

/**
 * A refusal as the Hub words it: reasons in headers as well as in the body.
 * @param {Outgoing} response
 * @param {LoggedRequest} entry
 * @param {number} status
 * @param {string} code
 * @param {string} message
 */
function refuse(response, entry, status, code, message) {
  if (code) response.setHeader("X-Error-Code", code);
  response.setHeader("X-Error-Message", message);
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  entry.status = status;
  response.writeHead(status);
  response.end(JSON.stringify({ error: message }));
}

/**
 * @param {Outgoing} response
 * @param {LoggedRequest} entry
 */
function denied(response, entry) {
  entry.status = 403;
  response.writeHead(403, { "Content-Type": "application/xml" });
  response.end(
    "<?xml version='1.0'?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>",
  );
}

/**
 * @param {Outgoing} response
 * @param {LoggedRequest} entry
 * @param {number} status
 * @param {string} location
 */
function redirect(response, entry, status, location) {
  entry.status = status;
  response.writeHead(status, { Location: location, "Content-Type": "text/plain" });
  response.end(`${status} redirecting to ${location}`);
}

/**
 * @param {Outgoing} response
 * @param {LoggedRequest} entry
 * @param {unknown} body
 * @param {Fault | undefined} fault
 */
function sendJson(response, entry, body, fault) {
  const bytes = Buffer.from(JSON.stringify(body));
  entry.status = 200;
  response.writeHead(200, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": bytes.length,
  });
  if (fault?.kind !== "drop") {
    entry.bytes = bytes.length;
    response.end(bytes);
    return;
  }
  entry.bytes = Math.floor(bytes.length * fault.share);
  response.write(bytes.subarray(0, entry.bytes), () => response.destroy());
}

/** @param {Incoming} request */
function rangeStart(request) {
  const match = /^bytes=(\d+)-/.exec(request.headers.range ?? "");
  return match ? Number(match[1]) : undefined;
}

/**
 * One range (206), all of it (200) or neither (416); through the fault if there is one.
 * @param {Incoming} request
 * @param {Outgoing} response
 * @param {LoggedRequest} entry
 * @param {HubFile} file
 * @param {Fault | undefined} fault
 * @param {Line | undefined} line
 */
function sendFile(request, response, entry, file, fault, line) {
  const { size } = file;
  response.setHeader("Accept-Ranges", "bytes");
  response.setHeader("Content-Type", "application/octet-stream");
  const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "");
  let begin = 0;
  let end = size;
  if (asked && fault?.kind !== "whole") {
    begin = Number(asked[1]);
    end = Math.min(size, asked[2] ? Number(asked[2]) + 1 : size);
    if (begin >= size || begin >= end) {
      entry.status = 416;
      response.writeHead(416, { "Content-Range": `bytes */${size}` });
      response.end();
      return;
    }
    if (fault?.kind === "other-range") {
      const shift = Math.min(begin, end - begin);
      begin -= shift;
      end -= shift;
    }
    if (fault?.kind === "truncate") end = begin + Math.max(1, Math.floor((end - begin) * fault.share));
    response.setHeader("Content-Range", `bytes ${begin}-${end - 1}/${size}`);
  }
  entry.status = asked && fault?.kind !== "whole" ? 206 : 200;
  response.writeHead(entry.status, { "Content-Length": end - begin });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  void sendBody(response, entry, file.read(begin, end), end - begin, fault, line);
}

/**
 * @param {Outgoing} response
 * @param {LoggedRequest} entry
 * @param {Generator<Uint8Array>} pieces
 * @param {number} length
 * @param {Fault | undefined} fault
 * @param {Line | undefined} line
 */
async function sendBody(response, entry, pieces, length, fault, line) {
  const special =
    fault && "share" in fault ? Math.min(length - 1, Math.floor(length * fault.share)) : Infinity;
  let hasStalled = false;
  for (let piece of pieces) {
    if (response.destroyed) return;
    const isHere = special < entry.bytes + piece.length;
    if (fault?.kind === "corrupt" && isHere && special >= entry.bytes) {
      piece = Uint8Array.from(piece);
      piece[special - entry.bytes] = (piece[special - entry.bytes] ?? 0) ^ 0x10;
    }
    if (fault?.kind === "drop" && isHere) {
      piece = piece.subarray(0, special - entry.bytes);
      entry.bytes += piece.length;
      response.write(piece, () => response.destroy());
      return;
    }
    if (fault?.kind === "stall" && isHere && !hasStalled) {
      hasStalled = true;
      const before = piece.subarray(0, special - entry.bytes);
      piece = piece.subarray(before.length);
      entry.bytes += before.length;
      response.write(before);
      await pause(response, fault.milliseconds);
    }
    entry.bytes += piece.length;
    await line?.(piece.length);
    if (!response.write(piece)) await drained(response);
  }
  response.end();
}

/** @typedef {(bytes: number) => Promise<void>} Line  resolves when so many bytes may be sent */

/**
 * @param {number} bytesPerSecond
 * @returns {Line}
 */
function slowLine(bytesPerSecond) {
  let freeAt = 0;
  return async (bytes) => {
    const now = performance.now();
    freeAt = Math.max(now, freeAt) + (bytes / bytesPerSecond) * 1000;
    // Timers are coarse: what is less than that may go at once.
    if (freeAt - now > 5) await new Promise((resolve) => setTimeout(resolve, freeAt - now));
  };
}

/**
 * @param {Outgoing} response
 * @returns {Promise<void>}
 */
function drained(response) {
  return new Promise((resolve) => {
    const done = () => {
      response.off("drain", done).off("close", done);
      resolve();
    };
    response.on("drain", done).on("close", done);
  });
}

/**
 * Ends with the connection.
 * @param {Outgoing} response
 * @param {number} milliseconds
 * @returns {Promise<void>}
 */
function pause(response, milliseconds) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      response.off("close", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    response.on("close", done);
  });
}

/**
 * @param {import("node:http").Server} server
 * @param {number} port
 * @returns {Promise<string>}
 */
function listen(server, port) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("no port"));
      resolve(`http://127.0.0.1:${address.port}`);
    });
  });
}

/**
 * @param {import("node:http").Server} server
 * @returns {Promise<void>}
 */
function closed(server) {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
