// Steps of the library whose work is done here instead, as the Rust library does it: JavaScript knows a newer Unicode, a
// final sigma and other white space, and decodes broken bytes in another way. What can be said in tokenizer.json is
// mended there (tokenizer-json.ts).

import { bytesOfByteLevelToken } from "./token-bytes";
import { unicode9Form } from "./unicode9-forms";

type Json = Readonly<Record<string, unknown>>;

/** As the library builds it. */
export interface NormalizerStep {
  readonly config: Json;
  readonly normalizers?: readonly NormalizerStep[];
  normalize: (text: string) => string;
}

/** As the library builds it. */
export interface DecoderStep {
  readonly config: Json;
  readonly decoders?: readonly DecoderStep[];
  decode_chain: (tokens: string[]) => string[];
}

/** As the library builds it. */
export interface BpeModel {
  readonly config: Json;
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  bpe: (word: string) => string[];
}

const normalizers: Readonly<Record<string, (text: string, config: Json) => string>> = {
  NFC: (text) => unicode9Form(text, "NFC"),
  NFD: (text) => unicode9Form(text, "NFD"),
  NFKC: (text) => unicode9Form(text, "NFKC"),
  NFKD: (text) => unicode9Form(text, "NFKD"),
  Lowercase: (text) => Array.from(text, (character) => character.toLowerCase()).join(""),
  Strip: (text, { strip_left: left, strip_right: right }) => {
    const rest = left === true ? text.replace(/^\p{White_Space}+/u, "") : text;
    return right === true ? rest.replace(/(?<!\p{White_Space})\p{White_Space}+$/u, "") : rest;
  },
};

const decoders: Readonly<Record<string, (tokens: string[], config: Json) => string[]>> = {
  ByteLevel: (tokens) => [new TextDecoder("utf-8", { ignoreBOM: true }).decode(joined(tokens))],
  ByteFallback: withoutByteTokens,
  // Of the first token all marks are taken away, not only one.
  Metaspace: (tokens, { replacement, prepend_scheme: scheme }) =>
    tokens.map((token, i) =>
      token.replaceAll(replacement as string, i === 0 && scheme !== "never" ? "" : " "),
    ),
};

/** Replaces what a normaliser and the steps in it do. */
export function mendNormalizer(step: NormalizerStep | null): void {
  if (step === null) return;
  const { config } = step;
  const normalize = normalizers[config["type"] as string];
  if (normalize) step.normalize = (text) => normalize(text, config);
  step.normalizers?.forEach(mendNormalizer);
}

/** Replaces what a decoder and the steps in it do. */
export function mendDecoder(step: DecoderStep | null): void {
  if (step === null) return;
  const { config } = step;
  const decode = decoders[config["type"] as string];
  if (decode) step.decode_chain = (tokens) => decode(tokens, config);
  step.decoders?.forEach(mendDecoder);
}

/**
 * Where there is neither an unknown token nor bytes for it, characters that the vocabulary lacks are left out before what
 * stands around them is merged, not after.
 */
export function mendModel(model: BpeModel): void {
  const { config, tokens_to_ids: ids } = model;
  if (config["byte_fallback"] === true || typeof config["unk_token"] === "string") return;
  const bpe = model.bpe.bind(model);
  model.bpe = (word) => {
    const characters = Array.from(word);
    return bpe(
      characters.every((one) => ids.has(one)) ? word : characters.filter((one) => ids.has(one)).join(""),
    );
  };
}

function joined(tokens: readonly string[]): Uint8Array {
  return Uint8Array.from(tokens.flatMap((token) => [...bytesOfByteLevelToken(token)]));
}

/** <0xE3><0x81><0x82> → あ. Of bytes that are no UTF-8 each becomes U+FFFD. */
function withoutByteTokens(tokens: readonly string[]): string[] {
  const texts: string[] = [];
  let bytes: number[] = [];
  const flush = (): void => {
    if (bytes.length > 0) texts.push(decodedOrLost(Uint8Array.from(bytes)));
    bytes = [];
  };
  for (const token of tokens) {
    const byte = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
    if (byte === undefined) {
      flush();
      texts.push(token);
    } else bytes.push(parseInt(byte, 16));
  }
  flush();
  return texts;
}

function decodedOrLost(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return "\ufffd".repeat(bytes.length);
  }
}
