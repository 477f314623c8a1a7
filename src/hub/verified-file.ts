// One whole small file of a repository, compared with the hash that the Hub lists for it.

import { Sha256 } from "../core/sha256";
import { joined, type HubClient, type Patience } from "./hub-client";
import { PermanentHubError } from "./hub-error";
import { fileUrl, type RepositoryFile } from "./repository";

export interface AtCommit {
  readonly repository: string;
  readonly commit: string;
}

/** Fetched again once when its hash is wrong; then throws `hub-changed`. */
export async function fetchVerified(
  client: HubClient,
  { repository, commit }: AtCommit,
  file: RepositoryFile,
  patience: Patience & { readonly onBytes?: (count: number) => void } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { path, size } = file;
  const subject = { label: `${repository}/${path}`, repository, revision: commit, file: path };
  const url = fileUrl(client, repository, commit, path);
  for (let tries = 1; ; tries++) {
    const range = { begin: 0, end: size, fileBytes: size };
    const bytes = joined(await client.range(url, subject, range, patience), size);
    if (await isAsListed(file, bytes)) return bytes;
    if (tries === 2) throw wrongHash(subject.label);
  }
}

/** SHA-256 for files in large file storage, git's own SHA-1 for the others. */
export async function isAsListed(file: RepositoryFile, bytes: Uint8Array): Promise<boolean> {
  if (bytes.length !== file.size) return false;
  if (file.sha256 !== undefined) return new Sha256().update(bytes).digest() === file.sha256;
  if (file.gitOid === undefined) return true;
  const head = new TextEncoder().encode(`blob ${bytes.length}\0`);
  const digest = await crypto.subtle.digest("SHA-1", joined([head, bytes], head.length + bytes.length));
  const oid = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
  return oid === file.gitOid;
}

export function wrongHash(label: string): PermanentHubError {
  return new PermanentHubError(
    "hub-changed",
    `${label}: its bytes are not those that the Hub lists (another hash), also after a second try. Something between here and the Hub alters them, or the Hub holds a damaged file. Try another network or endpoint.`,
  );
}
