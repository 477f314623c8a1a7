// The frame of the page: which room is open, the GPU, the colour scheme, what storage holds, short confirmations.

import type { GpuSummary, StorageSummary } from "../engine/api";
import { engine } from "./engine";
import { failureOf, type CreateSlice, type Failure } from "./slice";

export const rooms = ["model", "data", "train", "chat", "export", "runs"] as const;
export type RoomName = (typeof rooms)[number];

/** A short confirmation. */
export interface Notice {
  readonly id: number;
  readonly text: string;
}

export interface ShellSlice {
  readonly room: RoomName;
  readonly gpu?: GpuSummary;
  /** Why there is no GPU: `webgpu-missing`, `device-lost`, … */
  readonly gpuFailure?: Failure;
  readonly storage?: StorageSummary;
  /** Why nothing can be kept: `storage-missing`, … */
  readonly storageFailure?: Failure;
  readonly notices: readonly Notice[];
  /** Also writes the address, so that back and reload keep the room. */
  goTo(room: RoomName): void;
  openGpu(): Promise<void>;
  refreshStorage(): Promise<void>;
  /** Says something shortly: "Copied", "Deleted". */
  notify(text: string): void;
  dismissNotice(id: number): void;
}

export const createShellSlice: CreateSlice<ShellSlice> = (set, get) => ({
  room: roomOfAddress() ?? "model",
  notices: [],
  goTo: (room) => {
    if (room !== roomOfAddress()) history.pushState(null, "", `#/${room}`);
    set({ room });
  },
  openGpu: async () => {
    try {
      set({ gpu: await engine.openGpu() });
    } catch (error) {
      set({ gpuFailure: failureOf(error) });
    }
  },
  refreshStorage: async () => {
    try {
      set({ storage: await engine.storage() });
    } catch (error) {
      set({ storageFailure: failureOf(error) });
    }
  },
  notify: (text) => set({ notices: [...get().notices, { id: nextNotice++, text }] }),
  dismissNotice: (id) => set({ notices: get().notices.filter((notice) => notice.id !== id) }),
});

let nextNotice = 1;

/** The room that the address names: "#/data" → "data". Undefined for others, and where there is no address (tests). */
export function roomOfAddress(): RoomName | undefined {
  const name = globalThis.location?.hash.replace(/^#\/?/, "");
  return rooms.find((room) => room === name);
}
