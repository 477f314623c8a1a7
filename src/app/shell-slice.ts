// The frame of the page: which room is open, the GPU, the colour scheme, what storage holds.

import type { GpuSummary } from "../engine/api";
import { engine } from "./engine";
import { failureOf, type CreateSlice, type Failure } from "./slice";

export const rooms = ["model", "data", "train", "chat", "export", "runs"] as const;
export type RoomName = (typeof rooms)[number];

export interface ShellSlice {
  readonly room: RoomName;
  readonly gpu?: GpuSummary;
  /** Why there is no GPU: `webgpu-missing`, `device-lost`, … */
  readonly gpuFailure?: Failure;
  goTo(room: RoomName): void;
  openGpu(): Promise<void>;
}

export const createShellSlice: CreateSlice<ShellSlice> = (set) => ({
  room: "model",
  goTo: (room) => set({ room }),
  openGpu: async () => {
    try {
      set({ gpu: await engine.openGpu() });
    } catch (error) {
      set({ gpuFailure: failureOf(error) });
    }
  },
});
