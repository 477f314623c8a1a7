// Reads fields of a config.json with errors that name file, field, value and what was expected.

import { AppError } from "../../core/errors";
import { isObject, shownJson } from "../../core/json";

export interface ConfigReader {
  /** A positive whole number. */
  size(field: string, fallback?: number): number;
  /** As `size`, and no more than any model has: all that is declared grows with the layers. */
  layers(field: string): number;
  /** A positive number. */
  positive(field: string, fallback?: number): number;
  /** As `size`; null gives undefined. */
  sizeOrNone(field: string, fallback?: number): number | undefined;
  /** As `positive`; null gives undefined. */
  positiveOrNone(field: string, fallback?: number): number | undefined;
  flag(field: string, fallback: boolean): boolean;
  text(field: string, fallback: string): string;
  /** A list with one entry a layer, or undefined where it is absent or null. */
  perLayer<T extends string | number>(field: string, layers: number, known: readonly T[]): T[] | undefined;
  /** A nested object, or undefined where it is absent or null. */
  section(field: string): ConfigReader | undefined;
  has(field: string): boolean;
  /** Throws `unsupported-model`. */
  refuse(field: string, why: string): never;
}

const MOST_LAYERS = 1000;

export function readConfig(json: unknown, fileName: string, prefix = ""): ConfigReader {
  if (!isObject(json)) {
    throw new AppError("bad-model-file", `${fileName}: ${prefix || "it"} must be a JSON object.`);
  }
  const values = new Map(Object.entries(json));
  const wrong = (field: string, expected: string): AppError => {
    const got = values.has(field) ? `is ${shownJson(values.get(field))}` : "is missing";
    return new AppError("bad-model-file", `${fileName}: ${prefix}${field} ${got}; expected ${expected}.`);
  };
  const valueOf = <T>(field: string, fallback: T | undefined): unknown => values.get(field) ?? fallback;
  const size = (field: string, fallback?: number): number => {
    const v = valueOf(field, fallback);
    if (typeof v !== "number" || !Number.isSafeInteger(v) || v <= 0)
      throw wrong(field, "a positive whole number");
    return v;
  };
  const positive = (field: string, fallback?: number): number => {
    const v = valueOf(field, fallback);
    if (typeof v !== "number" || !Number.isFinite(v) || v <= 0) throw wrong(field, "a positive number");
    return v;
  };
  /** Undefined for null, and where there is neither a value nor a fallback. */
  const orNone = (read: typeof size) => (field: string, fallback?: number) =>
    values.get(field) === null || (!values.has(field) && fallback === undefined)
      ? undefined
      : read(field, fallback);
  return {
    size,
    layers(field) {
      const layers = size(field);
      if (layers > MOST_LAYERS) throw wrong(field, `at most ${MOST_LAYERS}`);
      return layers;
    },
    positive,
    sizeOrNone: orNone(size),
    positiveOrNone: orNone(positive),
    perLayer<T extends string | number>(field: string, layers: number, known: readonly T[]) {
      const v = values.get(field);
      if (v === undefined || v === null) return undefined;
      const list: readonly unknown[] = Array.isArray(v) ? v : [];
      if (list.length < layers) throw wrong(field, `a list with an entry for each of ${layers} layers`);
      return list.slice(0, layers).map((entry) => {
        const found = known.find((one) => one === entry);
        if (found === undefined)
          throw wrong(field, `a list of ${known.map((k) => JSON.stringify(k)).join(" or ")}`);
        return found;
      });
    },
    flag(field, fallback) {
      const v = valueOf(field, fallback);
      if (typeof v !== "boolean") throw wrong(field, "true or false");
      return v;
    },
    text(field, fallback) {
      const v = valueOf(field, fallback);
      if (typeof v !== "string") throw wrong(field, "a string");
      return v;
    },
    section(field) {
      const v = values.get(field);
      return v === undefined || v === null ? undefined : readConfig(v, fileName, `${prefix}${field}.`);
    },
    has: (field) => values.get(field) !== undefined && values.get(field) !== null,
    refuse(field, why) {
      const got = shownJson(values.get(field));
      throw new AppError("unsupported-model", `${fileName}: ${prefix}${field} is ${got}. ${why}`);
    },
  };
}
