// Where in a rendered conversation the assistant's answers stand. Templates don't say, so each answer is found by
// construction: it begins where the prompt for it ends (the turns before it, rendered with the generation prompt, just
// as they will be when the model is used), and ends with the mark that the template puts behind an answer.
//
// Some templates rewrite a turn depending on what follows (Qwen 3 drops earlier thinking) or open the generation prompt
// with text that a finished turn lacks (DeepSeek's <think>). There the conversation is rendered twice more with two
// stand-ins in the answer's place: what both renderings share is the text around the answer.

import { AppError, assert } from "../core/errors";
import type { Message } from "../core/message";
import { renderChat, type ChatTemplate } from "./chat-template";

export interface SpecialTexts {
  readonly bos: string;
  readonly eos: string;
  /** Spellings of all control tokens. */
  readonly control: Iterable<string>;
}

export interface RenderedConversation {
  readonly text: string;
  /** For each assistant turn the UTF-16 range [begin, end) of its answer with the end mark. */
  readonly answers: readonly { readonly begin: number; readonly end: number }[];
}

/** What a template puts behind the last answer, e.g. "<|im_end|>\n", and the part of it that ends the answer. */
export interface AnswerEnd {
  readonly footer: string;
  /** Up to and with the first control token, e.g. "<|im_end|>" or " </s>"; all but white space when there is none. */
  readonly mark: string;
  /** False when no control token ends an answer. */
  readonly isControl: boolean;
}

const standIns = ["AxA", "ByB"] as const;

/** Throws AppError("bad-dataset-row") when the template refuses a conversation of one question and one answer. */
export function findAnswerEnd(template: ChatTemplate, special: SpecialTexts): AnswerEnd {
  const render = (content: string): string =>
    renderChat(
      template,
      [
        { role: "user", content: "Hello" },
        { role: "assistant", content },
      ],
      { addGenerationPrompt: false, ...special },
    );
  const { tail: footer } = around(render(standIns[0]), render(standIns[1]));
  let best: { at: number; end: number } | undefined;
  for (const token of [...special.control, special.eos]) {
    const at = token === "" ? -1 : footer.indexOf(token);
    if (at < 0) continue;
    const end = at + token.length;
    if (!best || at < best.at || (at === best.at && end > best.end)) best = { at, end };
  }
  return best
    ? { footer, mark: footer.slice(0, best.end), isControl: true }
    : { footer, mark: footer.trimEnd(), isControl: false };
}

/** Throws AppError("bad-dataset-row") when the template refuses the conversation or an answer can't be found in it. */
export function renderConversation(
  template: ChatTemplate,
  messages: readonly Message[],
  special: SpecialTexts,
  answerEnd: AnswerEnd,
): RenderedConversation {
  const render = (part: readonly Message[], addGenerationPrompt: boolean): string =>
    renderChat(template, part, { addGenerationPrompt, bos: special.bos, eos: special.eos });
  const text = render(messages, false);
  const answers: { begin: number; end: number }[] = [];
  messages.forEach((message, turn) => {
    if (message.role !== "assistant") return;
    const prompt = render(messages.slice(0, turn), true);
    const found =
      afterPrompt(text, prompt, message.content, answerEnd) ??
      betweenStandIns(text, prompt, messages, turn, render, answerEnd);
    if (!found || found.begin < (answers.at(-1)?.end ?? 0) || found.end > text.length) {
      throw new AppError(
        "bad-dataset-row",
        `the answer of turn ${turn + 1} can't be found in what the model's chat template (${template.origin}) makes of the conversation, because the template writes the turns around it differently each time`,
      );
    }
    answers.push(found);
  });
  return { text, answers };
}

/** The usual case: right behind the prompt stands the answer as it is, then the end mark. */
function afterPrompt(
  text: string,
  prompt: string,
  content: string,
  { footer, mark }: AnswerEnd,
): { begin: number; end: number } | undefined {
  if (!text.startsWith(prompt)) return undefined;
  const begin = prompt.length;
  for (const answer of new Set(
    [content, content.trim(), content.trimEnd(), content.trimStart()].flatMap((form) => [form, ` ${form}`]),
  )) {
    if (!text.startsWith(answer, begin)) continue;
    const end = begin + answer.length;
    if (mark === "" ? text.length === end + footer.length : text.startsWith(mark, end))
      return { begin, end: end + mark.length };
  }
  return undefined;
}

function betweenStandIns(
  text: string,
  prompt: string,
  messages: readonly Message[],
  turn: number,
  render: (part: readonly Message[], addGenerationPrompt: boolean) => string,
  { mark }: AnswerEnd,
): { begin: number; end: number } | undefined {
  const [first, second] = standIns.map((content) =>
    render(messages.with(turn, { role: "assistant", content }), false),
  );
  const { head, tail } = around(first!, second!);
  if (!text.endsWith(tail)) return undefined;
  const end = text.length - tail.length;
  const begin =
    text.startsWith(prompt) && prompt.length <= end
      ? prompt.length
      : text.startsWith(head)
        ? head.length
        : undefined;
  if (begin === undefined || begin > end) return undefined;
  // Some templates write EOS behind the last answer only: then the mark's first line ends the others.
  const ending = [mark, mark.split("\n")[0]!].find((part) => tail.startsWith(part)) ?? "";
  return { begin, end: end + ending.length };
}

/** What two texts share at their beginning and at their end. */
function around(first: string, second: string): { head: string; tail: string } {
  assert(first !== second, "got one rendering for two answers, need two");
  let head = 0;
  while (first[head] === second[head]) head++;
  let tail = 0;
  while (tail < first.length - head && first.at(-1 - tail) === second.at(-1 - tail)) tail++;
  return { head: first.slice(0, head), tail: tail === 0 ? "" : first.slice(-tail) };
}
