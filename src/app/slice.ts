// What every slice is made with.

import type { StateCreator } from "zustand";
import type { AppState } from "./store";

export type CreateSlice<Slice> = StateCreator<AppState, [], [], Slice>;

/** A failure as it crosses from the Worker: `name` is the code. */
export interface Failure {
  readonly name: string;
  readonly message: string;
}

export function failureOf(error: unknown): Failure {
  return error instanceof Error
    ? { name: error.name, message: error.message }
    : { name: "Error", message: String(error) };
}
