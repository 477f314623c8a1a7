// The conversation, the one form that every dataset format is read into.

export type Role = "system" | "user" | "assistant" | "tool";

export interface Message {
  readonly role: Role;
  readonly content: string;
}

/** One training example: a conversation, or running text that is trained as a whole. */
export type Example =
  | { readonly kind: "conversation"; readonly messages: readonly Message[] }
  | { readonly kind: "text"; readonly text: string };

/** A row that could not be used. `line` is 1-based in the file; `row` is the 1-based record number. */
export interface RowProblem {
  readonly line: number;
  readonly row: number;
  readonly field: string;
  readonly reason: string;
}
