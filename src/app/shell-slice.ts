// The frame of the page: which room is open, the GPU, the colour scheme, what storage holds, short confirmations.

import type { GpuSummary, StorageSummary } from "../engine/api";
import { engine } from "./engine";
import { keepText, keptText } from "./kept-text";
import { failureOf, type CreateSlice, type Failure } from "./slice";

export const rooms = ["model", "data", "train", "chat", "export", "runs"] as const;
export type RoomName = (typeof rooms)[number];

/** `system` follows the operating system. */
export type Scheme = "system" | "light" | "dark";

/** A short confirmation. */
export interface Notice {
  readonly id: number;
  readonly text: string;
}

export interface ShellSlice {
  readonly room: RoomName;
  readonly scheme: Scheme;
  readonly gpu?: GpuSummary | undefined;
  /** Why there is no GPU: `webgpu-missing`, `device-lost`, … */
  readonly gpuFailure?: Failure | undefined;
  readonly storage?: StorageSummary | undefined;
  /** Why nothing can be kept: `storage-missing`, … */
  readonly storageFailure?: Failure | undefined;
  readonly notices: readonly Notice[];
  /** Also writes the address, so that back and reload keep the room. */
  goTo(room: RoomName): void;
  /** Remembered by the browser. */
  setScheme(scheme: Scheme): void;
  openGpu(): Promise<void>;
  refreshStorage(): Promise<void>;
  /** Asks the browser not to delete on its own what is stored. Only a page may ask, not a Worker. */
  keepStorage(): Promise<void>;
  /** Says something shortly: "Copied", "Deleted". */
  notify(text: string): void;
  dismissNotice(id: number): void;
}

export const createShellSlice: CreateSlice<ShellSlice> = (set, get) => ({
  room: roomOfAddress() ?? "model",
  scheme: rememberedScheme(),
  notices: [],
  goTo: (room) => {
    if (room !== roomOfAddress()) history.pushState(null, "", `#/${room}`);
    set({ room });
  },
  setScheme: (scheme) => {
    set({ scheme });
    keepText(SCHEME_KEY, scheme === "system" ? undefined : scheme);
  },
  openGpu: async () => {
    set({ gpuFailure: undefined });
    try {
      set({ gpu: await engine.openGpu() });
    } catch (error) {
      set({ gpu: undefined, gpuFailure: failureOf(error) });
    }
  },
  refreshStorage: async () => {
    try {
      set({ storage: await engine.storage(), storageFailure: undefined });
    } catch (error) {
      set({ storageFailure: failureOf(error) });
    }
  },
  keepStorage: async () => {
    if (get().storage?.persisted) return;
    await navigator.storage?.persist?.().catch(() => false);
    await get().refreshStorage();
  },
  notify: (text) => set({ notices: [...get().notices, { id: nextNotice++, text }] }),
  dismissNotice: (id) => set({ notices: get().notices.filter((notice) => notice.id !== id) }),
});

const SCHEME_KEY = "tabtune.scheme";

let nextNotice = 1;

/** The room that the address names: "#/data" → "data". Undefined for others, and where there is no address (tests). */
export function roomOfAddress(): RoomName | undefined {
  const name = globalThis.location?.hash.replace(/^#\/?/, "");
  return rooms.find((room) => room === name);
}

function rememberedScheme(): Scheme {
  const kept = keptText(SCHEME_KEY);
  return kept === "light" || kept === "dark" ? kept : "system";
}
