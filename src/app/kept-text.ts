// Small texts that the browser keeps from visit to visit. Where it keeps nothing, or has no room left, they are
// forgotten when the page is closed; nothing fails.

export function keptText(key: string): string | undefined {
  try {
    return localStorage.getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Undefined deletes what is kept. */
export function keepText(key: string, text: string | undefined): void {
  try {
    if (text === undefined) localStorage.removeItem(key);
    else localStorage.setItem(key, text);
  } catch {
    // It is forgotten.
  }
}
