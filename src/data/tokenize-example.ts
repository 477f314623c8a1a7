// Examples → token sequences with the trained tokens marked. By default the assistant's answers and the token that ends
// each are trained, nothing else; running text is trained as a whole. The end of every answer is trained whatever the
// template does, because a model that never saw an end never stops.
//
// A conversation is tokenised once, as a whole, the way transformers does it: the template writes BOS itself, the
// tokenizer adds none.

import { AppError } from "../core/errors";
import type { TokenSequence } from "../core/batch";
import type { Example, Message, RowProblem } from "../core/message";
import { alpacaTemplate } from "./alpaca-template";
import { findAnswerEnd, renderConversation, type AnswerEnd, type SpecialTexts } from "./answer-spans";
import { renderChat, type ChatTemplate } from "./chat-template";
import type { Dataset } from "./read-dataset";
import type { Tokenizer } from "./tokenizer";

/** How one model writes conversations: its tokenizer, its template and what ends an answer. */
export interface ChatFormat {
  readonly tokenizer: Tokenizer;
  /** The model's own template, or Alpaca's when it has none. */
  readonly template: ChatTemplate;
  readonly hasOwnTemplate: boolean;
  /** Ids that end generation: the model's EOS ids and the control token that ends an answer in the template. */
  readonly stopIds: readonly number[];
  readonly special: SpecialTexts;
  readonly answerEnd: AnswerEnd;
}

export interface TokenizeOptions {
  /** Sequences longer than this many tokens are cut at the end (plain-text files: divided). */
  readonly cutoffLength: number;
  /** Train every token but the first, not the answers alone. */
  readonly trainOnPrompt: boolean;
}

export interface TokenizedDataset {
  readonly sequences: readonly TokenSequence[];
  /** For each sequence the record number of the row it comes from. */
  readonly rows: readonly number[];
  /** For each sequence the line on which its row begins. */
  readonly lines: readonly number[];
  /** For each sequence its tokens before cutting. */
  readonly lengths: readonly number[];
  /** Rows with nothing to train on, or that the template refuses. */
  readonly problems: readonly RowProblem[];
  /** Number of sequences that were cut at cutoffLength. */
  readonly cut: number;
}

/** Throws AppError("bad-model-file") when the template can't render one question and one answer. */
export function createChatFormat(tokenizer: Tokenizer, ownTemplate: ChatTemplate | undefined): ChatFormat {
  const template = ownTemplate ?? alpacaTemplate;
  // A model's own template writes BOS where its makers meant one; Alpaca's gets one where the tokenizer would add it.
  const addsBos =
    tokenizer.bosId !== undefined && tokenizer.encode("", { addSpecial: true })[0] === tokenizer.bosId;
  const special = {
    bos: ownTemplate || addsBos ? tokenizer.bosToken : "",
    eos: tokenizer.eosToken,
    control: [...tokenizer.specialTokens.keys()],
  };
  const answerEnd = answerEndOf(template, special);
  const endId = answerEnd.isControl ? tokenizer.idOf(answerEnd.mark.trim()) : undefined;
  const stopIds = [...new Set(endId === undefined ? tokenizer.eosIds : [endId, ...tokenizer.eosIds])];
  return { tokenizer, template, hasOwnTemplate: ownTemplate !== undefined, stopIds, special, answerEnd };
}

function answerEndOf(template: ChatTemplate, special: SpecialTexts): AnswerEnd {
  try {
    return findAnswerEnd(template, special);
  } catch (error) {
    throw new AppError(
      "bad-model-file",
      `${template.origin}: ${error instanceof Error ? error.message : String(error)}, even one of a single question and answer.`,
    );
  }
}

/** Ids of the conversation up to where the model is to answer. */
export function encodePrompt(messages: readonly Message[], format: ChatFormat): Uint32Array {
  const { bos, eos } = format.special;
  const text = renderChat(format.template, messages, { addGenerationPrompt: true, bos, eos });
  return format.tokenizer.encode(text, { addSpecial: false });
}

/** One example → its sequence, not longer than cutoffLength. Throws AppError("bad-dataset-row") with the reason. */
export function tokenizeExample(
  example: Example,
  format: ChatFormat,
  options: TokenizeOptions,
): TokenSequence {
  const whole =
    example.kind === "text"
      ? tokenizeText(example.text, format.tokenizer)
      : tokenizeConversation(example.messages, format, options);
  const sequence = cutOff(whole, options.cutoffLength);
  if (!sequence.trained.includes(1)) throw nothingToTrain(whole, options);
  return sequence;
}

/** All examples of a dataset; rows that can't be used become problems and the others go on. */
export function tokenizeDataset(
  dataset: Dataset,
  format: ChatFormat,
  options: TokenizeOptions,
): TokenizedDataset {
  const work = tokenizeInSteps(dataset, format, options);
  for (;;) {
    const { done, value } = work.next();
    if (done) return value;
  }
}

/**
 * As `tokenizeDataset`, but yields after each row the number of rows done (a long text counts in parts), so that a
 * large dataset need not be done in one go.
 */
export function* tokenizeInSteps(
  dataset: Dataset,
  format: ChatFormat,
  options: TokenizeOptions,
): Generator<number, TokenizedDataset> {
  const sequences: TokenSequence[] = [];
  const rows: number[] = [];
  const lines: number[] = [];
  const lengths: number[] = [];
  const problems: RowProblem[] = [];
  const pool = new SequencePool();
  let cut = 0;
  for (const [index, { example, row, line }] of dataset.examples.entries()) {
    try {
      const parts =
        dataset.format === "plain-text" && example.kind === "text"
          ? yield* divideText(example.text, format.tokenizer, options.cutoffLength)
          : [tokenizeExample(example, format, { ...options, cutoffLength: Infinity })];
      for (const part of parts) {
        if (part.ids.length > options.cutoffLength) cut++;
        const sequence = cutOff(part, options.cutoffLength);
        if (!sequence.trained.includes(1)) throw nothingToTrain(part, options);
        sequences.push(pool.add(sequence));
        rows.push(row);
        lines.push(line);
        lengths.push(part.ids.length);
      }
    } catch (error) {
      if (!(error instanceof AppError) || error.name !== "bad-dataset-row") throw error;
      problems.push({ line, row, field: "", reason: error.message });
    }
    yield index + 1;
  }
  return { sequences, rows, lines, lengths, problems, cut };
}

/** Holds many sequences in few buffers: two of their own for each short row would weigh more than its tokens. */
class SequencePool {
  private ids = new Uint32Array(0);
  private trained = new Uint8Array(0);
  private used = 0;

  add(sequence: TokenSequence): TokenSequence {
    const { length } = sequence.ids;
    if (this.used + length > this.ids.length) {
      this.ids = new Uint32Array(Math.max(length, POOL_TOKENS));
      this.trained = new Uint8Array(this.ids.length);
      this.used = 0;
    }
    const begin = this.used;
    this.used += length;
    this.ids.set(sequence.ids, begin);
    this.trained.set(sequence.trained, begin);
    return { ids: this.ids.subarray(begin, this.used), trained: this.trained.subarray(begin, this.used) };
  }
}

const POOL_TOKENS = 2 ** 18;

function tokenizeConversation(
  messages: readonly Message[],
  format: ChatFormat,
  options: TokenizeOptions,
): TokenSequence {
  const { tokenizer } = format;
  const { text, answers } = renderConversation(format.template, messages, format.special, format.answerEnd);
  const { ids, tokensOf } = tokenizer.encodeAligned(text);
  const trained = new Uint8Array(ids.length);
  let lastTrained = 0;
  for (const { begin, end } of answers) {
    const tokens = tokensOf(begin, end);
    trained.fill(1, tokens.first, tokens.end);
    lastTrained = tokens.end;
  }
  const endsItself = format.answerEnd.isControl && format.stopIds.includes(ids[lastTrained - 1]!);
  const sequence =
    endsItself || tokenizer.eosId === undefined
      ? { ids, trained }
      : withEos(ids, trained, lastTrained, tokenizer.eosId);
  if (options.trainOnPrompt) sequence.trained.fill(1);
  sequence.trained[0] = 0;
  return sequence;
}

/** The tokens up to the last trained one, then a trained EOS. */
function withEos(ids: Uint32Array, trained: Uint8Array, end: number, eosId: number): TokenSequence {
  return {
    ids: Uint32Array.of(...ids.subarray(0, end), eosId),
    trained: Uint8Array.of(...trained.subarray(0, end), 1),
  };
}

function tokenizeText(text: string, tokenizer: Tokenizer): TokenSequence {
  const ids = tokenizer.encode(text, { addSpecial: true });
  const { eosId } = tokenizer;
  if (eosId === undefined || ids.at(-1) === eosId) return wholeTrained(ids);
  return wholeTrained(withEos(ids, new Uint8Array(ids.length), ids.length, eosId).ids);
}

/** A long text in pieces of at most `length` tokens, each with the tokenizer's BOS, the last with EOS. */
function* divideText(text: string, tokenizer: Tokenizer, length: number): Generator<number, TokenSequence[]> {
  const { bosId, eosId } = tokenizer;
  const start = bosId !== undefined && tokenizer.encode("", { addSpecial: true })[0] === bosId ? [bosId] : [];
  const step = Math.max(1, length - start.length);
  const pieces: TokenSequence[] = [];
  let ids: number[] = [];
  const take = (least: number): void => {
    let at = 0;
    for (; ids.length - at >= least; at += step) {
      const piece = wholeTrained(Uint32Array.from([...start, ...ids.slice(at, at + step)]));
      // A single token is only a first token, of which nothing can be learned.
      if (piece.ids.length > 1) pieces.push(piece);
    }
    ids = ids.slice(at);
  };
  for (const part of textParts(text)) {
    for (const id of tokenizer.encode(part, { addSpecial: false })) ids.push(id);
    take(step);
    yield 0;
  }
  if (eosId !== undefined) ids.push(eosId);
  take(1);
  return pieces;
}

/** Parts that are encoded at once; a longer text is parted behind a line break, where tokens hardly ever reach across. */
const PART_CHARACTERS = 2 ** 16;

function* textParts(text: string): Generator<string> {
  for (let begin = 0; begin < text.length;) {
    const lineBreak = text.indexOf("\n", begin + PART_CHARACTERS);
    const end = lineBreak < 0 ? text.length : lineBreak + 1;
    yield text.slice(begin, end);
    begin = end;
  }
}

function wholeTrained(ids: Uint32Array): TokenSequence {
  const trained = new Uint8Array(ids.length).fill(1);
  trained[0] = 0;
  return { ids, trained };
}

function cutOff({ ids, trained }: TokenSequence, length: number): TokenSequence {
  return ids.length <= length
    ? { ids, trained }
    : { ids: ids.slice(0, length), trained: trained.slice(0, length) };
}

function nothingToTrain({ ids, trained }: TokenSequence, { cutoffLength }: TokenizeOptions): AppError {
  const first = trained.indexOf(1);
  return new AppError(
    "bad-dataset-row",
    first < 0
      ? `nothing to train: the row has ${ids.length} tokens and none of them follows another as part of an answer`
      : `nothing to train within the first ${cutoffLength} tokens: the answer begins at token ${first + 1}. Raise cutoffLength or shorten the prompt`,
  );
}
