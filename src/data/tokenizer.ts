// Text ↔ token ids, over @huggingface/tokenizers. Adds what training needs and the library lacks: which characters a
// token covers, all end-of-sequence ids, and what makes its ids and texts equal to those of the Rust library.
// Padding and truncation blocks of tokenizer.json are ignored: a dataset saved them there by accident, and cutting is
// the run's own decision. Knows nothing of models, files or chat templates.

import { Tokenizer as Library } from "@huggingface/tokenizers";
import { AppError } from "../core/errors";
import { parseJsonObject } from "../core/json";
import { alignTokens, type AlignedTokens } from "./token-alignment";
import { bytesOfByteLevelToken, bytesOfSentencePieceToken } from "./token-bytes";
import { checkTokenizerJson } from "./tokenizer-check";
import { likeRust } from "./tokenizer-json";
import { checkTokenizerCost } from "./tokenizer-limits";
import {
  mendDecoder,
  mendModel,
  mendNormalizer,
  type BpeModel,
  type DecoderStep,
  type NormalizerStep,
} from "./tokenizer-steps";

export interface Tokenizer {
  /** `addSpecial` adds what the tokenizer itself puts around a text: a BOS token, for models that have one. */
  encode(text: string, options: { readonly addSpecial: boolean }): Uint32Array;
  /** Ids outside the vocabulary (models pad their embeddings) are left out. */
  decode(ids: ArrayLike<number>, options: { readonly skipSpecial: boolean }): string;
  /** Encodes without special tokens and tells which tokens cover which characters. */
  encodeAligned(text: string): AlignedTokens;
  /** Highest id + 1. */
  readonly vocabularySize: number;
  /** The token that training puts at the end of a text: tokenizer_config's eos_token. */
  readonly eosId: number | undefined;
  /** All ids that end generation, `eosId` first: generation_config may list several. */
  readonly eosIds: readonly number[];
  readonly bosId: number | undefined;
  readonly padId: number | undefined;
  /** Texts of BOS and EOS for the chat template; "" when the model has none. */
  readonly bosToken: string;
  readonly eosToken: string;
  /** True for control tokens such as <|im_end|>. */
  isSpecial(id: number): boolean;
  /** All control tokens by their spelling. */
  readonly specialTokens: ReadonlyMap<string, number>;
  /** The id of a token spelled exactly so. */
  idOf(token: string): number | undefined;
}

/** The texts of a model folder's files; all but the first may be missing. */
export interface TokenizerFiles {
  /** tokenizer.json */
  readonly tokenizer: string;
  /** tokenizer_config.json */
  readonly tokenizerConfig?: string | undefined;
  /** special_tokens_map.json */
  readonly specialTokensMap?: string | undefined;
  /** generation_config.json */
  readonly generationConfig?: string | undefined;
  /** config.json */
  readonly modelConfig?: string | undefined;
}

type Json = Record<string, unknown>;

/** Throws AppError `bad-model-file` for broken files, `unsupported-model` for tokenizers that are no BPE. */
export function createTokenizer(files: TokenizerFiles): Tokenizer {
  const json = parseJsonObject(files.tokenizer, "tokenizer.json");
  checkTokenizerJson(json);
  const library = openLibrary(likeRust(json));
  const added = library.get_added_tokens_decoder();
  const special = new Set([...added.values()].filter((token) => token.special).map((token) => token.id));
  const vocabularySize = library.model!.vocab.length;
  const known = (id: number): boolean => id < vocabularySize && library.id_to_token(id) !== undefined;
  const bytesOf = mentions(json["decoder"], "ByteLevel") ? bytesOfByteLevelToken : bytesOfSentencePieceToken;
  const utf8 = new TextEncoder();

  const encode: Tokenizer["encode"] = (text, { addSpecial }) => {
    // Half a surrogate pair is U+FFFD, as in UTF-8. Without an unknown token the library gives undefined for what the
    // vocabulary lacks; the Rust library skips it.
    const ids = library.encode(text.toWellFormed(), { add_special_tokens: addSpecial }).ids as (
      number | undefined
    )[];
    return Uint32Array.from(ids.filter((id): id is number => id !== undefined));
  };
  const tokenBytes = (id: number): Uint8Array => {
    const token = library.id_to_token(id)!;
    return added.has(id) ? utf8.encode(token) : bytesOf(token);
  };
  return {
    encode,
    encodeAligned: (text) => {
      const ids = encode(text, { addSpecial: false });
      return alignTokens(text, ids, {
        tokenBytes,
        isAdded: (id) => added.has(id),
        encode: (part) => encode(part, { addSpecial: false }),
      });
    },
    decode: (ids, { skipSpecial }) => {
      const kept = Array.from(ids).filter((id) => known(id) && !(skipSpecial && special.has(id)));
      if (kept.length === 0) return "";
      return library.decode(kept, { skip_special_tokens: false, clean_up_tokenization_spaces: false });
    },
    vocabularySize,
    ...specialIds(files, library),
    isSpecial: (id) => special.has(id),
    specialTokens: new Map([...special].map((id) => [library.id_to_token(id)!, id])),
    idOf: (token) => library.token_to_id(token),
  };
}

function openLibrary(json: Json): Library {
  try {
    // Without vocabulary and added tokens first: the library normalises the latter while it is built.
    checkTokenizerCost(
      new Library({ ...json, added_tokens: [], model: { type: "BPE", vocab: {}, merges: [] } }, {}),
    );
    const library = new Library(json, {});
    mendNormalizer(library.normalizer as NormalizerStep | null);
    mendModel(library.model as unknown as BpeModel);
    mendDecoder(library.decoder as DecoderStep | null);
    return library;
  } catch (error) {
    if (error instanceof AppError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new AppError("bad-model-file", `tokenizer.json: it can't be used (${shortened(why)}).`);
  }
}

type SpecialIds = Pick<Tokenizer, "eosId" | "eosIds" | "bosId" | "padId" | "bosToken" | "eosToken">;

function specialIds(files: TokenizerFiles, library: Library): SpecialIds {
  const optional = (text: string | undefined, name: string): Json =>
    text === undefined ? {} : parseJsonObject(text, name);
  const tokenizerConfig = optional(files.tokenizerConfig, "tokenizer_config.json");
  const map = optional(files.specialTokensMap, "special_tokens_map.json");
  const generation = optional(files.generationConfig, "generation_config.json");
  const modelConfig = optional(files.modelConfig, "config.json");
  const named = (field: string): number | undefined => {
    const token = tokenText(tokenizerConfig[field]) ?? tokenText(map[field]);
    return token === undefined ? undefined : library.token_to_id(token);
  };
  const numbered = (field: string): number[] => {
    const value = generation[field] ?? modelConfig[field];
    return (Array.isArray(value) ? value : [value]).filter(
      (id): id is number => Number.isInteger(id) && (id as number) >= 0,
    );
  };
  const eosIds = [...new Set([named("eos_token") ?? [], numbered("eos_token_id")].flat())];
  const bosId = named("bos_token") ?? numbered("bos_token_id")[0];
  const textOf = (id: number | undefined): string =>
    id === undefined ? "" : (library.id_to_token(id) ?? "");
  return {
    eosId: eosIds[0],
    eosIds,
    bosId,
    padId: named("pad_token") ?? numbered("pad_token_id")[0],
    bosToken: textOf(bosId),
    eosToken: textOf(eosIds[0]),
  };
}

/** An engine's message may hold a whole pattern. */
function shortened(message: string): string {
  return message.length > 300 ? `${message.slice(0, 200)} … ${message.slice(-90)}` : message;
}

/** A token's text, given as a string or as {"content": …}. */
function tokenText(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  const content = (value as { content?: unknown } | null | undefined)?.content;
  return typeof content === "string" ? content : undefined;
}

function mentions(decoder: unknown, type: string): boolean {
  if (typeof decoder !== "object" || decoder === null) return false;
  const { type: own, decoders } = decoder as Json;
  return own === type || (Array.isArray(decoders) && decoders.some((inner) => mentions(inner, type)));
}
