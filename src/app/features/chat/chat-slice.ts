// Conversations with the base model and with adapters, side by side.

import type { CreateSlice } from "../../slice";

export interface ChatSlice {
  /** Adapters to chat with beside the base; ids. */
  readonly chatAdapters: readonly string[];
  chatWith(adapters: readonly string[]): void;
}

export const createChatSlice: CreateSlice<ChatSlice> = (set) => ({
  chatAdapters: [],
  chatWith: (chatAdapters) => set({ chatAdapters }),
});
