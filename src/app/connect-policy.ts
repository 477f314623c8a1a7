// Whom the page may speak to: its own origin, and the Hub that models come from. index.html allows more, since a mirror
// can't be known there; this narrows it before anything else runs, and a policy once set can't be widened.

import { DEFAULT_HUB } from "../core/run-record";
import { keepText, keptText } from "./kept-text";

const KEY = "tabtune.hub";

/** The Hub and the hosts of its storage: https://huggingface.co/docs/hub, "Using the Hub behind a firewall". */
const defaultSources = ["https://huggingface.co", "https://*.hf.co"];

/** The mirror that was chosen, as the browser keeps it; undefined for the Hub itself. */
export function keptEndpoint(): string | undefined {
  return keptText(KEY);
}

export function keepEndpoint(endpoint: string | undefined): void {
  keepText(KEY, endpoint);
}

/** Sources of `connect-src`. A mirror's files may lie on hosts below its own, or where the Hub keeps them. */
export function connectSources(endpoint: string | undefined): readonly string[] {
  if (endpoint === undefined || endpoint === DEFAULT_HUB) return ["'self'", ...defaultSources];
  const { hostname, origin } = new URL(endpoint);
  const isHere = hostname === "localhost" || hostname === "127.0.0.1";
  if (isHere) return ["'self'", origin, "http://localhost:*", "http://127.0.0.1:*"];
  return ["'self'", origin, `https://*.${hostname}`, ...defaultSources];
}

export function narrowPolicy(): void {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = `connect-src ${connectSources(keptEndpoint()).join(" ")}`;
  document.head.append(policy);
}
