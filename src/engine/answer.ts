// A conversation in, the model's answer out, as text that never holds half a character.

import type { Message } from "../core/message";
import { createTokenStream } from "../data/token-stream";
import { encodePrompt, type ChatFormat } from "../data/tokenize-example";
import type { Generator } from "../generate/generator";
import type { SamplingOptions } from "../generate/sampler";

export interface AnswerOptions extends SamplingOptions {
  readonly maxNewTokens: number;
}

export interface AnswerPart {
  readonly text: string;
  /** Ids generated so far. */
  readonly ids: readonly number[];
}

/** Streams the answer to the last message; ends at the template's end of answer. */
export async function* answer(
  generator: Generator,
  chat: ChatFormat,
  messages: readonly Message[],
  options: AnswerOptions,
): AsyncGenerator<AnswerPart> {
  const stream = createTokenStream(chat.tokenizer);
  const ids: number[] = [];
  const prompt = encodePrompt(messages, chat);
  for await (const id of generator.generate(prompt, { ...options, stopIds: chat.stopIds })) {
    ids.push(id);
    yield { text: stream.push(id), ids };
  }
  const rest = stream.flush();
  if (rest) yield { text: rest, ids };
}

/** The whole answer at once. */
export async function wholeAnswer(...parameters: Parameters<typeof answer>): Promise<string> {
  let text = "";
  for await (const part of answer(...parameters)) text += part.text;
  return text;
}
