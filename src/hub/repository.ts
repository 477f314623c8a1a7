// What a Hub tells of a repository: the commit behind a revision, asked once, and the files of that commit with sizes
// and hashes. API: https://huggingface.co/docs/hub/api and list-files.ts of huggingface.js (packages/hub).

import { AppError } from "../core/errors";
import type { HubClient, Patience } from "./hub-client";
import { PermanentHubError } from "./hub-error";

export interface PinnedRepository {
  readonly repository: string;
  /** 40 hexadecimal digits. */
  readonly commit: string;
  /** Of the model card, e.g. "apache-2.0". */
  readonly licence?: string;
  /** What it was made from, by its card: a repository's name. */
  readonly baseModel?: string;
  readonly isGated: boolean;
  readonly isPrivate: boolean;
}

export interface RepositoryFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Of the content; listed for files in large file storage. */
  readonly sha256?: string;
  /** Git's name of the content, SHA-1 of "blob SIZE\0" and the bytes; for files without `sha256`. */
  readonly gitOid?: string;
}

const MOST_PAGES = 50;
const MOST_FILES = 50_000;

/** OWNER/NAME, or NAME for the oldest ones. Throws `bad-config`. */
export function checkRepositoryName(name: string): string {
  const text = name
    .trim()
    .replace(/^https?:\/\/(www\.)?(huggingface\.co|hf\.co)\//, "")
    .replace(/\/+$/, "");
  if (isRepositoryName(text)) return text;
  throw new AppError(
    "bad-config",
    `${JSON.stringify(name.slice(0, 120))} is no repository's name. Give OWNER/NAME, for example HuggingFaceTB/SmolLM2-135M-Instruct.`,
  );
}

function isRepositoryName(text: string): boolean {
  const isName = /^[A-Za-z0-9][\w.-]{0,95}(\/[A-Za-z0-9_][\w.-]{0,95})?$/.test(text);
  return isName && !/\.\.|--|\.git$/.test(text);
}

/** Asks once what `revision` (branch, tag, commit, refs/pr/N) is. Throws the errors of the client. */
export async function pinRevision(
  client: HubClient,
  repository: string,
  revision: string,
  patience: Patience = {},
): Promise<PinnedRepository> {
  const url = client.url(`api/models/${repository}/revision/${encodeURIComponent(revision)}`);
  const { body } = await client.json(url, { label: repository, repository, revision }, patience);
  const told = (body ?? {}) as Record<string, unknown>;
  const commit = told["sha"];
  if (typeof commit !== "string" || !/^[0-9a-f]{40}$/.test(commit)) throw notAsAHub(client, repository);
  const licence = licenceOf(told);
  const baseModel = baseModelOf(told);
  return {
    repository,
    commit,
    ...(licence && { licence }),
    ...(baseModel && { baseModel }),
    isGated: told["gated"] !== false && told["gated"] !== undefined,
    isPrivate: told["private"] === true,
  };
}

/** All files of a commit, from all pages. */
export async function listFiles(
  client: HubClient,
  repository: string,
  commit: string,
  patience: Patience = {},
): Promise<RepositoryFile[]> {
  const files: RepositoryFile[] = [];
  let next: URL | undefined = client.url(`api/models/${repository}/tree/${commit}?recursive=true`);
  for (let page = 0; next; page++) {
    if (page >= MOST_PAGES || files.length > MOST_FILES) {
      throw new PermanentHubError(
        "hub-missing",
        `${repository} lists more than ${MOST_FILES} files; models that can be used here have a few dozen.`,
      );
    }
    const answer: { body: unknown; headers: Headers } = await client.json(
      next,
      { label: `${repository} (list of files)`, repository, revision: commit },
      patience,
    );
    if (!Array.isArray(answer.body)) throw notAsAHub(client, repository);
    for (const entry of answer.body as unknown[]) {
      const file = fileOf(entry);
      if (file === "bad") throw notAsAHub(client, repository);
      if (file) files.push(file);
    }
    next = nextPage(answer.headers.get("link"), client);
  }
  return files;
}

/** Where a file of a commit is fetched. */
export function fileUrl(client: HubClient, repository: string, commit: string, path: string): URL {
  return client.url(`${repository}/resolve/${commit}/${path.split("/").map(encodeURIComponent).join("/")}`);
}

function fileOf(entry: unknown): RepositoryFile | "bad" | undefined {
  if (typeof entry !== "object" || entry === null) return "bad";
  const { type, path, size, oid, lfs } = entry as Record<string, unknown>;
  if (type !== "file") return undefined;
  const large = typeof lfs === "object" && lfs !== null ? (lfs as Record<string, unknown>) : undefined;
  const bytes = large?.["size"] ?? size;
  if (typeof path !== "string" || !Number.isSafeInteger(bytes) || (bytes as number) < 0) return "bad";
  const sha256 = large?.["oid"];
  if (large) {
    if (typeof sha256 !== "string" || !/^[0-9a-f]{64}$/.test(sha256)) return "bad";
    return { path, size: bytes as number, sha256 };
  }
  if (typeof oid !== "string" || !/^[0-9a-f]{40}$/.test(oid)) return "bad";
  return { path, size: bytes as number, gitOid: oid };
}

/** The Link header's next page, always on the endpoint's own origin. */
function nextPage(link: string | null, client: HubClient): URL | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(link ?? "")?.[1];
  if (target === undefined) return undefined;
  const url = new URL(target, client.endpoint);
  // Mirrors may pass on the Link of the Hub that they mirror; the page itself is theirs.
  if (url.origin === client.endpoint.origin) return url;
  return client.url(url.pathname.slice(1) + url.search);
}

function cardOf(told: Record<string, unknown>): Record<string, unknown> {
  return (told["cardData"] ?? {}) as Record<string, unknown>;
}

function baseModelOf(told: Record<string, unknown>): string | undefined {
  const [named] = [cardOf(told)["base_model"]].flat();
  return typeof named === "string" && isRepositoryName(named) ? named : undefined;
}

function licenceOf(told: Record<string, unknown>): string | undefined {
  const card = cardOf(told);
  const tags = Array.isArray(told["tags"]) ? (told["tags"] as unknown[]) : [];
  const tagged = tags.find((tag): tag is string => typeof tag === "string" && tag.startsWith("license:"));
  const named = [card["license_name"], card["license"], tagged?.slice("license:".length)];
  const found = named.find((name): name is string => typeof name === "string" && name !== "");
  return found?.slice(0, 100);
}

function notAsAHub({ endpoint }: HubClient, repository: string): PermanentHubError {
  return new PermanentHubError(
    "hub-changed",
    `${repository}: ${endpoint.host} doesn't answer as a Hub does. Check the endpoint's address.`,
  );
}
