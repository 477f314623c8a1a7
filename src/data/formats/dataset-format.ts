// What a dataset format is: how to tell its rows and how to read one into the one form that training knows.
// A format sees one parsed row; it knows nothing of files, lines or other rows.

import type { Example } from "../../core/message";

export type Row = Readonly<Record<string, unknown>>;

export interface DatasetFormat {
  /** One line for messages and the page: the name and what a row looks like. */
  readonly shape: string;
  /** Top-level fields that this format reads. A row with one of them is taken to be meant for it. */
  readonly fields: readonly string[];
  /** True when the row has everything that distinguishes this format. */
  recognises(row: Row): boolean;
  /** Throws FieldError for a row that can't be used. */
  read(row: Row): Example;
}

/** Why a row can't be used: the field, what is wrong with it and what was expected. */
export class FieldError extends Error {
  constructor(
    readonly field: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** The row's text under `field`; throws FieldError when it is missing or no string. */
export function requiredText(row: Row, field: string): string {
  if (!(field in row)) throw new FieldError(field, "is missing; text was expected");
  return textValue(row[field], field);
}

/** The row's text under `field`; "" when it is missing or null. */
export function optionalText(row: Row, field: string): string {
  return row[field] === undefined || row[field] === null ? "" : textValue(row[field], field);
}

function textValue(value: unknown, field: string): string {
  if (typeof value !== "string") throw new FieldError(field, `is ${kindOf(value)}; text was expected`);
  return value;
}

/** "a number", "a list", … for messages. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (value === undefined) return "missing";
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "an object";
  return typeof value === "string" ? "text" : `a ${typeof value}`;
}
