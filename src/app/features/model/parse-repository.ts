// What people type or paste for a repository: OWNER/NAME, an address on the Hub, with or without a revision in it.

import type { HubRequest } from "../../../engine/api";

/** Undefined when it is none. A revision beside it wins over one in the address. */
export function parseRepository(address: string, revision = ""): HubRequest | undefined {
  const text = address
    .trim()
    .replace(/^(https?:\/\/[^/]+\/|huggingface\.co\/|hf\.co\/)/, "")
    .replace(/[?#].*$/, "");
  const [owner, name, kind, inAddress] = text.replace(/\/+$/, "").split("/");
  const isPart = (part: string | undefined): boolean => /^[\w.-]{1,96}$/.test(part ?? "");
  if (!isPart(owner) || !isPart(name)) return undefined;
  if (kind !== undefined && !["tree", "blob", "resolve", "commit"].includes(kind)) return undefined;
  const wanted = revision.trim() || inAddress;
  return { repository: `${owner}/${name}`, ...(wanted && { revision: wanted }) };
}
