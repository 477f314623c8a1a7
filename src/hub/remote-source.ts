// A repository as a model folder before anything is downloaded: configuration as a whole, weights by ranges, which is
// enough to read their headers. Small files are fetched once and compared with their hashes.

import { AppError } from "../core/errors";
import { joined, type HubClient, type Patience } from "./hub-client";
import type { ModelSource } from "./model-source";
import { fileUrl, type RepositoryFile } from "./repository";
import { fetchVerified, type AtCommit } from "./verified-file";

export function remoteSource(
  client: HubClient,
  at: AtCommit,
  files: readonly RepositoryFile[],
  patience: Patience = {},
): ModelSource {
  const { repository, commit } = at;
  const byPath = new Map(files.map((file) => [file.path, file]));
  const texts = new Map<string, Promise<string>>();
  const listed = (path: string): RepositoryFile => {
    const file = byPath.get(path);
    if (file) return file;
    throw new AppError("file-missing", `${repository}/${path}: the repository has no such file.`);
  };
  const text = (path: string): Promise<string> => {
    const known = texts.get(path);
    if (known) return known;
    const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
    const fetched = Promise.resolve().then(() =>
      fetchVerified(client, at, listed(path), patience).then(decode),
    );
    texts.set(path, fetched);
    fetched.catch(() => texts.delete(path));
    return fetched;
  };
  return {
    name: repository,
    has: async (path) => byPath.has(path),
    size: async (path) => listed(path).size,
    text,
    read: async (path, begin, end) => {
      const { size } = listed(path);
      const subject = { label: `${repository}/${path}`, repository, revision: commit, file: path };
      const url = fileUrl(client, repository, commit, path);
      const parts = await client.range(url, subject, { begin, end, fileBytes: size }, patience);
      return joined(parts, end - begin);
    },
  };
}
