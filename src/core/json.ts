// Reads JSON text that comes from outside. JSON.parse builds whatever a text asks for, and a short text may ask for
// much: V8 takes 58 bytes for each nested bracket and 56 for each {}, so that a tokenizer.json of 100 MB could ask for
// 3 GB and half a minute. So brackets and values are counted before anything is built. Datasets have a reader of their
// own (data/json-records.ts), which finds the rows before a fault.

import { AppError } from "./errors";

/** Qwen3's tokenizer.json of 10 MB has 606,053 values in 5 levels, Llama 3.2's 7 levels; the largest in use has 34 MB. */
export const jsonLimits = { levels: 100, values: 5_000_000 };

type JsonErrorCode = "bad-model-file" | "bad-adapter" | "bad-config" | "hub-offline";

/** The value of a JSON text. `label` names the file; throws `code` that begins with it. */
export function parseJson(text: string, label: string, code: JsonErrorCode = "bad-model-file"): unknown {
  const tooMuch = beyondLimits(text);
  if (tooMuch)
    throw new AppError(code, `${label}: ${tooMuch}; no such file needs that. Get it anew from its makers.`);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const why = text.startsWith("version https://git-lfs")
      ? "it is a Git LFS pointer, run `git lfs pull`"
      : `no valid JSON (${cause instanceof Error ? cause.message : String(cause)})`;
    throw new AppError(code, `${label}: ${why}.`, { cause });
  }
}

/** As `parseJson`, for a text that must be an object. */
export function parseJsonObject(text: string, label: string, code?: JsonErrorCode): Record<string, unknown> {
  const value = parseJson(text, label, code);
  if (isObject(value)) return value;
  throw new AppError(code ?? "bad-model-file", `${label}: it must be a JSON object.`);
}

/** Neither null nor a list. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as a message shows it: its JSON, shortened. */
export function shownJson(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

/** Of text that is no JSON this counts something, which JSON.parse then refuses. */
function beyondLimits(text: string): string | undefined {
  let level = 0;
  let values = 1;
  for (let i = 0; i < text.length; i++) {
    switch (text[i]) {
      case '"':
        for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === "\\") i++;
        break;
      case "[":
      case "{":
        if (++level > jsonLimits.levels) return `brackets are nested more than ${jsonLimits.levels} deep`;
        if (++values > jsonLimits.values) return `it holds more than ${jsonLimits.values} values`;
        break;
      case "]":
      case "}":
        level--;
        break;
      case ",":
        if (++values > jsonLimits.values) return `it holds more than ${jsonLimits.values} values`;
    }
  }
  return undefined;
}
