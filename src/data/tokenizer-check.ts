// What may stand in a tokenizer.json, part by part. The library takes what it doesn't know, or finds malformed, for
// nothing, and goes on with other ids than Python's; so each part that is read as the Rust library reads it is listed
// here with its fields, and all else is refused by name. Fields that change no id are not looked at.

import { AppError } from "../core/errors";
import { isObject, shownJson } from "../core/json";

/** Throws unless `value`, which stands at `place`, is as it must be. */
type Check = (value: unknown, place: string) => void;
type Fields = Readonly<Record<string, Check>>;
type PartName = "normalizer" | "pre_tokenizer" | "post_processor" | "decoder";

/** Far above the largest vocabulary in use. */
const MOST_IDS = 10_000_000;

const text = valueOf("a text", (value) => typeof value === "string");
const character = valueOf("one character", (value) => typeof value === "string" && [...value].length === 1);
const flag = valueOf("true or false", (value) => typeof value === "boolean");
const count = valueOf(
  "a whole number from 0 on",
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);
const isId = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < MOST_IDS;
const id = valueOf(`a whole number below ${MOST_IDS}`, isId);
const behavior = optional(oneOf("Removed", "Isolated", "MergedWithPrevious", "MergedWithNext", "Contiguous"));
const pattern: Check = (value, place) => {
  const isPattern =
    isObject(value) && (typeof value["Regex"] === "string" || typeof value["String"] === "string");
  if (!isPattern) throw malformed(place, value, 'a pattern such as {"String": " "} or {"Regex": "\\\\s+"}');
};
const tokenAndId: Check = (value, place) => {
  if (!Array.isArray(value) || typeof value[0] !== "string")
    throw malformed(place, value, "a token and its id");
  id(value[1], `${place}[1]`);
};
const templatePiece: Check = (value, place) => {
  const { SpecialToken: token, Sequence: sequence } = isObject(value) ? value : {};
  if (isObject(token)) text(token["id"], `${place}.SpecialToken.id`);
  else if (isObject(sequence)) oneOf("A", "B")(sequence["id"], `${place}.Sequence.id`);
  else throw malformed(place, value, "a SpecialToken or a Sequence");
};

/** Part → type of its steps → their fields. */
const parts: Readonly<Record<PartName, Readonly<Record<string, Fields>>>> = {
  normalizer: {
    Sequence: { normalizers: listOf(step("normalizer")) },
    NFC: {},
    NFD: {},
    NFKC: {},
    NFKD: {},
    Lowercase: {},
    Strip: { strip_left: optional(flag), strip_right: optional(flag) },
    Replace: { pattern, content: text },
    Prepend: { prepend: text },
  },
  pre_tokenizer: {
    Sequence: { pretokenizers: listOf(step("pre_tokenizer")) },
    ByteLevel: { add_prefix_space: optional(flag), use_regex: optional(flag) },
    Split: { pattern, behavior, invert: optional(flag) },
    Digits: { individual_digits: optional(flag) },
    Metaspace: {
      replacement: character,
      prepend_scheme: optional(oneOf("always", "first", "never")),
      add_prefix_space: optional(flag),
      split: optional(flag),
    },
    Punctuation: { behavior },
    Whitespace: {},
    WhitespaceSplit: {},
    BertPreTokenizer: {},
  },
  post_processor: {
    Sequence: { processors: listOf(step("post_processor")) },
    ByteLevel: {},
    TemplateProcessing: { single: listOf(templatePiece), special_tokens: optional(standForThemselves) },
    BertProcessing: { sep: tokenAndId, cls: tokenAndId },
    RobertaProcessing: { sep: tokenAndId, cls: tokenAndId },
  },
  decoder: {
    Sequence: { decoders: listOf(step("decoder")) },
    ByteLevel: {},
    Metaspace: { replacement: character, prepend_scheme: optional(oneOf("always", "first", "never")) },
    Replace: { pattern, content: text },
    ByteFallback: {},
    Fuse: {},
    Strip: { content: character, start: count, stop: count },
  },
};

const addedToken: Fields = {
  id,
  content: valueOf("a text that is not empty", (value) => typeof value === "string" && value !== ""),
  special: optional(flag),
  normalized: optional(flag),
  lstrip: optional(flag),
  rstrip: optional(flag),
  single_word: optional(unread(flag, false)),
};

/** Of "vocab" and "merges", which have hundreds of thousands of entries, a place is spelled for the wrong one alone. */
const model: Fields = {
  vocab: (value, place) => {
    if (!isObject(value)) throw malformed(place, value, "an object of tokens and their ids");
    for (const token in value) if (!isId(value[token])) id(value[token], `${place}[${shownJson(token)}]`);
  },
  merges: (value, place) => {
    if (!Array.isArray(value)) throw malformed(place, value, "a list");
    const wrong = value.findIndex((merge) => !isMerge(merge));
    if (wrong >= 0) throw malformed(`${place}[${wrong}]`, value[wrong], "two tokens");
  },
  unk_token: optional(text),
  byte_fallback: optional(flag),
  fuse_unk: optional(flag),
  ignore_merges: optional(flag),
  dropout: optional(
    unread(
      valueOf("a number", (value) => typeof value === "number"),
      0,
    ),
  ),
  continuing_subword_prefix: optional(unread(text, "")),
  end_of_word_suffix: optional(unread(text, "")),
};

/** Throws `bad-model-file`, or `unsupported-model` for what is well formed but not read here. */
export function checkTokenizerJson(json: Readonly<Record<string, unknown>>): void {
  const kind = kindOfModel(json["model"]);
  if (kind !== "BPE") {
    throw new AppError(
      "unsupported-model",
      `tokenizer.json: its kind is ${shownJson(kind)}; only BPE tokenizers are supported.`,
    );
  }
  fieldsOf(model, json["model"], "model");
  optional(listOf((token, place) => fieldsOf(addedToken, token, place)))(
    json["added_tokens"],
    "added_tokens",
  );
  for (const part of Object.keys(parts) as PartName[]) optional(step(part))(json[part], part);
}

/** Old files, GPT-2's for one, don't say it. */
function kindOfModel(value: unknown): unknown {
  if (!isObject(value)) throw malformed("model", value, 'an object with "vocab" and "merges"');
  return value["type"] ?? ("merges" in value ? "BPE" : "unknown");
}

function isMerge(value: unknown): boolean {
  if (typeof value === "string") return value.includes(" ");
  return Array.isArray(value) && value.length === 2 && value.every((token) => typeof token === "string");
}

function step(part: PartName): Check {
  return (value, place) => {
    const type = isObject(value) ? value["type"] : undefined;
    if (typeof type !== "string") throw malformed(place, value, 'an object with a "type"');
    const known = parts[part];
    if (!Object.hasOwn(known, type)) {
      throw new AppError(
        "unsupported-model",
        `tokenizer.json: ${place} is of the type ${shownJson(type)}; read are ${Object.keys(known).join(", ")}. With another its ids would differ from Python's.`,
      );
    }
    fieldsOf(known[type]!, value, place);
  };
}

function fieldsOf(fields: Fields, value: unknown, place: string): void {
  if (!isObject(value)) throw malformed(place, value, "an object");
  for (const [name, check] of Object.entries(fields)) check(value[name], `${place}.${name}`);
}

/** A template's names for tokens: another name, or one for several tokens, would be lost. */
function standForThemselves(value: unknown, place: string): void {
  if (!isObject(value)) throw malformed(place, value, "an object of tokens");
  for (const [name, entry] of Object.entries(value)) {
    const tokens = isObject(entry) ? entry["tokens"] : undefined;
    const inner = `${place}[${shownJson(name)}].tokens`;
    listOf(text)(tokens, inner);
    const [token, ...others] = tokens as string[];
    if (token !== name || others.length > 0) throw notRead(inner, tokens, [name]);
  }
}

function listOf(check: Check): Check {
  return (value, place) => {
    if (!Array.isArray(value)) throw malformed(place, value, "a list");
    value.forEach((entry, index) => check(entry, `${place}[${index}]`));
  };
}

/** Absent and null pass. */
function optional(check: Check): Check {
  return (value, place) => {
    if (value !== undefined && value !== null) check(value, place);
  };
}

/** A field of which only the value `off` is read here. */
function unread(check: Check, off: unknown): Check {
  return (value, place) => {
    check(value, place);
    if (value !== off) throw notRead(place, value, off);
  };
}

function notRead(place: string, value: unknown, only: unknown): AppError {
  return new AppError(
    "unsupported-model",
    `tokenizer.json: ${place} is ${shownJson(value)}; only ${shownJson(only)} is read. With another its ids would differ from Python's.`,
  );
}

function oneOf(...choices: readonly string[]): Check {
  return valueOf(choices.map((choice) => JSON.stringify(choice)).join(" or "), (value) =>
    choices.includes(value as string),
  );
}

function valueOf(expected: string, isSo: (value: unknown) => boolean): Check {
  return (value, place) => {
    if (!isSo(value)) throw malformed(place, value, expected);
  };
}

function malformed(place: string, value: unknown, expected: string): AppError {
  const got = value === undefined ? "is missing" : `is ${shownJson(value)}`;
  return new AppError(
    "bad-model-file",
    `tokenizer.json: ${place} ${got}; expected ${expected}. Get the file that belongs to the model.`,
  );
}
