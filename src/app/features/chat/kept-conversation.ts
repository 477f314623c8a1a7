// The conversation, as the browser keeps it from visit to visit.

import { keepText, keptText } from "../../kept-text";
import type { Conversation } from "./conversation";

const KEY = "tabtune.chat";
/** Written anew when the kept form changes; an older one is left behind. */
const VERSION = 1;

export function keptConversation(): Conversation | undefined {
  try {
    const kept = JSON.parse(keptText(KEY) ?? "null") as {
      readonly version: number;
      readonly conversation: Conversation;
    } | null;
    return kept?.version === VERSION ? kept.conversation : undefined;
  } catch {
    return undefined;
  }
}

export function keepConversation(conversation: Conversation): void {
  keepText(KEY, JSON.stringify({ version: VERSION, conversation }));
}

export function forgetConversation(): void {
  keepText(KEY, undefined);
}
