// A conversation in, the model's answer out, as text that never holds half a character.

import type { Message } from "../core/message";
import { createTokenStream } from "../data/token-stream";
import { encodePrompt, type ChatFormat } from "../data/tokenize-example";
import type { Tokenizer } from "../data/tokenizer";
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
  const prompt = encodePrompt(messages, chat);
  yield* decoded(chat.tokenizer, generator.generate(prompt, { ...options, stopIds: chat.stopIds }));
}

/** Ids as they are generated → text that is never half a character. `continued` are the ids of a text that goes on. */
export async function* decoded(
  tokenizer: Tokenizer,
  generated: AsyncIterable<number>,
  continued?: ArrayLike<number>,
): AsyncGenerator<AnswerPart> {
  const stream = createTokenStream(tokenizer, continued);
  const ids: number[] = [];
  for await (const id of generated) {
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
