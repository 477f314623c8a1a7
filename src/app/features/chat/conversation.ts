// A conversation of several voices: what is said, with what settings, and what each voice is asked next.

import type { AnswerEnd, AnswerRequest } from "../../../engine/api";
import type { Failure } from "../../slice";

/** Who answers: the base model, or an adapter by its id. */
export type Voice = string;
export const baseVoice: Voice = "base";
export const MOST_VOICES = 3;

export interface ChatSettings {
  readonly systemPrompt: string;
  /** Tokens. */
  readonly maxNewTokens: number;
  /** 0 takes the likeliest token. */
  readonly temperature: number;
  /** 0 is off. */
  readonly topK: number;
  readonly topP: number;
  readonly repetitionPenalty: number;
  readonly seed: number;
  readonly showsMarkdown: boolean;
}

export interface Answer {
  readonly text: string;
  /** Absent while it is under way, and after a failure. */
  readonly end?: AnswerEnd;
  readonly failure?: Failure;
}

export interface Turn {
  readonly prompt: string;
  readonly seed: number;
  readonly answers: Readonly<Record<Voice, Answer>>;
}

export interface Conversation {
  readonly voices: readonly Voice[];
  readonly turns: readonly Turn[];
  readonly chatSettings: ChatSettings;
}

export const defaultChatSettings: ChatSettings = {
  systemPrompt: "",
  maxNewTokens: 256,
  temperature: 0,
  topK: 0,
  topP: 1,
  repetitionPenalty: 1,
  seed: 1,
  showsMarkdown: true,
};

export const emptyConversation: Conversation = {
  voices: [baseVoice],
  turns: [],
  chatSettings: defaultChatSettings,
};

/** The chosen voices whose adapters still exist; the base model when none is left. */
export function voicesPresent(state: {
  readonly voices: readonly Voice[];
  readonly adapters: readonly { readonly id: string }[];
}): readonly Voice[] {
  const present = state.voices.filter(
    (voice) => voice === baseVoice || state.adapters.some(({ id }) => id === voice),
  );
  return present.length > 0 ? present : [baseVoice];
}

/** The last turn's prompt after what this voice was asked and answered before. */
export function requestFor(voice: Voice, { turns, chatSettings }: Conversation): AnswerRequest {
  const { systemPrompt, maxNewTokens, temperature, topK, topP, repetitionPenalty } = chatSettings;
  const { prompt, seed } = turns.at(-1)!;
  const before = turns.slice(0, -1).flatMap(({ prompt: asked, answers }) => {
    const text = answers[voice]?.text ?? "";
    if (text === "") return [];
    return [
      { role: "user", content: asked },
      { role: "assistant", content: text },
    ] as const;
  });
  return {
    ...(voice !== baseVoice && { adapter: voice }),
    messages: [
      ...(systemPrompt.trim() === "" ? [] : [{ role: "system", content: systemPrompt } as const]),
      ...before,
      { role: "user", content: prompt },
    ],
    maxNewTokens,
    temperature,
    topK,
    topP,
    repetitionPenalty,
    seed,
  };
}
