// The conversation, as the browser keeps it from visit to visit.

import type { Conversation } from "./conversation";

const KEY = "tabtune.chat";
/** Written anew when the kept form changes; an older one is left behind. */
const VERSION = 1;

export function keptConversation(): Conversation | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? "null") as {
      readonly version: number;
      readonly conversation: Conversation;
    } | null;
    return kept?.version === VERSION ? kept.conversation : undefined;
  } catch {
    return undefined;
  }
}

export function keepConversation(conversation: Conversation): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ version: VERSION, conversation }));
  } catch {
    // A browser that keeps nothing, or has no room left, forgets the conversation.
  }
}

export function forgetConversation(): void {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}
