// Failures on the way to a Hub. What a second try may cure and what it can't are different types; both are AppErrors,
// so either may reach the person when nothing more is tried.

import { AppError, type HubErrorCode } from "../core/errors";

/** Trying again changes nothing: permission, a wrong name, a file that isn't what it is listed as. */
export class PermanentHubError extends AppError {}

export interface RetryHint {
  /** Milliseconds that the server asked to wait. */
  readonly wait?: number;
  /** The server asked everybody to wait, not this request alone. */
  readonly isForAll?: boolean;
  /** Tries in a row before it is given up; the client's own limit when absent. */
  readonly tries?: number;
}

/** A later try may do better. */
export class RetryableHubError extends AppError {
  /** Some bytes came before it broke. */
  hasProgressed = false;

  constructor(
    code: HubErrorCode,
    message: string,
    readonly hint: RetryHint = {},
    options?: ErrorOptions,
  ) {
    super(code, message, options);
  }
}

/** What was asked for, for messages. */
export interface Subject {
  /** "OWNER/NAME", or "OWNER/NAME/FILE". */
  readonly label: string;
  readonly repository: string;
  readonly revision?: string;
  readonly file?: string;
}

/** What a refusal means. `page` is the repository's page on the Hub; `hasToken` tells whether a token was sent. */
export function errorOf(
  response: Response,
  subject: Subject,
  { page, hasToken, isElsewhere }: { page: string; hasToken: boolean; isElsewhere: boolean },
): PermanentHubError | RetryableHubError {
  const { status, headers } = response;
  const { label, repository } = subject;
  const code = headers.get("x-error-code") ?? "";
  const said = (headers.get("x-error-message") ?? "").trim().slice(0, 200);
  const says = said ? ` The Hub says: ${said}` : "";
  if (isElsewhere && (status === 401 || status === 403 || status === 404 || status === 410)) {
    // A signed address has expired. The next try begins at the repository's own address, which gives a new one.
    const message = `${label}: the Hub's storage refuses the address that the Hub gave (${status}), again and again. Try later.`;
    return new RetryableHubError("hub-offline", message, { wait: 0, tries: 4 });
  }
  if (status === 429) {
    const wait = waitOf(headers);
    const message = `${label}: the Hub limits how often it is asked, and the limit is reached${wait === undefined ? "" : `; it asks to wait ${Math.ceil(wait / 1000)} s`}. What has arrived is kept; continue later, or give a token, which raises the limit.`;
    return new RetryableHubError("hub-offline", message, {
      isForAll: true,
      ...(wait !== undefined && { wait }),
    });
  }
  if (status === 408 || status === 425 || status >= 500) {
    const wait = waitOf(headers);
    const message = `${label}: the Hub has a fault of its own (it answered ${status}). What has arrived is kept; continue later.`;
    return new RetryableHubError("hub-offline", message, wait === undefined ? {} : { wait, isForAll: true });
  }
  if (code === "GatedRepo") {
    const next = hasToken
      ? `The token's account has not been granted access, or the token lacks the permission to read gated repositories. Ask for access at ${page} with that account, and let a fine-grained token read "public gated repos you can access".`
      : `Accept its terms at ${page}, then give a token of that account that may read gated repositories.`;
    return new PermanentHubError("hub-unauthorized", `${repository} is gated. ${next}`);
  }
  if (code === "RevisionNotFound") {
    const message = `${repository} has no revision ${JSON.stringify(subject.revision ?? "")}. Look at its branches and commits at ${page}/tree/main; a commit that was removed can't be fetched any more.`;
    return new PermanentHubError("hub-missing", message);
  }
  if (code === "EntryNotFound") {
    return new PermanentHubError(
      "hub-missing",
      `${label}: there is no such file at this revision. Look at ${page}/tree/main.`,
    );
  }
  if (status === 401 && hasToken && code !== "RepoNotFound") {
    const message = `${label}: the Hub doesn't accept the token. It may be mistyped, expired or withdrawn. Make a new one in your account's settings, with permission to read.${says}`;
    return new PermanentHubError("hub-unauthorized", message);
  }
  if (status === 401 || (status === 404 && code === "RepoNotFound")) {
    const next = hasToken
      ? "or the token's account may not read it"
      : "or it is private: then give a token of an account that may read it";
    const kind = hasToken ? "hub-missing" : "hub-unauthorized";
    const message = `${repository} is not there under this name, ${next}. Check the spelling at ${page} (capitals count).`;
    return new PermanentHubError(kind, message);
  }
  if (status === 403) {
    const next = hasToken
      ? "The token lacks the permission to read this repository. Give it one that may"
      : "Give a token of an account that may read it";
    return new PermanentHubError(
      "hub-unauthorized",
      `${label}: the Hub forbids it. ${next}: ${page}.${says}`,
    );
  }
  if (status === 404) {
    return new PermanentHubError("hub-missing", `${label}: not found. Look at ${page}.${says}`);
  }
  return new PermanentHubError("hub-missing", `${label}: the Hub answered ${status}.${says}`);
}

/** Retry-After in seconds or as a date, else the reset of the RateLimit header (`"resolvers";r=0;t=42`). */
function waitOf(headers: Headers): number | undefined {
  const after = headers.get("retry-after")?.trim();
  if (after) {
    const seconds = /^\d+$/.test(after) ? Number(after) : (Date.parse(after) - Date.now()) / 1000;
    if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  }
  const reset = /\bt=(\d+)/.exec(headers.get("ratelimit") ?? "")?.[1];
  return reset === undefined ? undefined : Number(reset) * 1000;
}
