// What the person sees of a sequence: its text, token by token or in runs, with the trained parts told apart.

import type { TokenSequence } from "../core/batch";
import { createTokenStream } from "./token-stream";
import type { Tokenizer } from "./tokenizer";

export interface PreviewToken {
  readonly id: number;
  /** Text that the token settles; "" for the first tokens of a character that takes several. */
  readonly text: string;
  readonly trained: boolean;
}

/** The texts, joined, are the decoded sequence, control tokens included. */
export function previewTokens(sequence: TokenSequence, tokenizer: Tokenizer): PreviewToken[] {
  const stream = createTokenStream({ decode: (ids) => tokenizer.decode(ids, { skipSpecial: false }) });
  const tokens = Array.from(sequence.ids, (id, i) => ({
    id,
    text: stream.push(id),
    trained: sequence.trained[i] === 1,
  }));
  const rest = stream.flush();
  if (rest !== "" && tokens.length > 0) tokens[tokens.length - 1]!.text += rest;
  return tokens;
}

/** The preview in runs of equal `trained`. */
export function previewRuns(
  sequence: TokenSequence,
  tokenizer: Tokenizer,
): { text: string; trained: boolean }[] {
  const runs: { text: string; trained: boolean }[] = [];
  for (const { text, trained } of previewTokens(sequence, tokenizer)) {
    const last = runs.at(-1);
    if (last?.trained === trained) last.text += text;
    else runs.push({ text, trained });
  }
  return runs;
}

/** Labels as transformers has them: the id where a token is trained, else -100. */
export function labelsOf(sequence: TokenSequence): Int32Array {
  return Int32Array.from(sequence.ids, (id, i) => (sequence.trained[i] ? id : -100));
}
