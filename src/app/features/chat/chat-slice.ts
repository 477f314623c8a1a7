// Talks with the base model and with adapters, side by side.

import type { ChatSummary, Progress } from "../../../engine/api";
import { callback } from "../../../engine/client";
import { engine } from "../../engine";
import { failureOf, type CreateSlice, type Failure } from "../../slice";
import {
  baseVoice,
  emptyConversation,
  MOST_VOICES,
  requestFor,
  voicesPresent,
  type Answer,
  type ChatSettings,
  type Conversation,
  type Turn,
  type Voice,
} from "./conversation";
import { forgetConversation, keepConversation, keptConversation } from "./kept-conversation";

export interface ChatSlice extends Conversation {
  readonly draft: string;
  /** Index of the turn that the draft will replace, with all after it. */
  readonly editing?: number | undefined;
  /** The conversation before "New conversation". */
  readonly earlierTurns: readonly Turn[];
  readonly isAnswering: boolean;
  /** Of the chat that is open in the engine. */
  readonly chat?: ChatSummary | undefined;
  readonly isChatOpening: boolean;
  readonly chatProgress?: Progress | undefined;
  readonly chatFailure?: Failure | undefined;
  setVoices(voices: readonly Voice[]): void;
  /** The base model beside these adapters; a conversation with others is put aside. */
  chatWith(adapters: readonly string[]): void;
  updateChatSettings(changes: Partial<ChatSettings>): void;
  setDraft(draft: string): void;
  editTurn(index: number | undefined): void;
  /** Loads the model for chat, unless it is loaded. Resolves to whether it is. */
  openChat(): Promise<boolean>;
  /** Gives its GPU memory back. */
  closeChat(): Promise<void>;
  /** Resolves when all voices have answered. */
  ask(prompt: string): Promise<void>;
  /** The last prompt once more, with the next seed. */
  askAgain(): Promise<void>;
  stopAnswers(): Promise<void>;
  newConversation(): void;
  backToEarlier(): void;
  /** Also what the browser keeps of it. */
  forgetChat(): void;
}

export const createChatSlice: CreateSlice<ChatSlice> = (set, get) => {
  /** What the open chat was opened with. */
  let opened: string | undefined;
  let opening: { readonly what: string; readonly done: Promise<boolean> } | undefined;
  /** Counts stops: what was asked before the last one is given up. */
  let stops = 0;

  const keep = (): void => {
    const { voices, turns, chatSettings } = get();
    keepConversation({ voices, turns, chatSettings });
  };

  const setAnswer = (voice: Voice, answer: Answer): void => {
    const turns = [...get().turns];
    const turn = turns.pop();
    if (!turn) return;
    set({ turns: [...turns, { ...turn, answers: { ...turn.answers, [voice]: answer } }] });
  };

  const answerAs = async (voice: Voice): Promise<void> => {
    let text = "";
    setAnswer(voice, { text });
    try {
      const request = requestFor(voice, get());
      const onPart = (part: string): void => setAnswer(voice, { text: (text += part) });
      const end = await engine.answer(request, callback(onPart));
      setAnswer(voice, { text, end });
    } catch (error) {
      const failure = failureOf(error);
      if (failure.name === "device-lost") set({ chat: undefined });
      setAnswer(voice, { text, failure });
    }
  };

  const answerLast = async (): Promise<void> => {
    const asked = stops;
    set({ isAnswering: true });
    try {
      if (!(await get().openChat()) || asked !== stops) return;
      await Promise.all(voicesPresent(get()).map(answerAs));
    } finally {
      set({ isAnswering: false });
      keep();
    }
  };

  const load = async (adapters: readonly string[]): Promise<boolean> => {
    set({ chat: undefined, isChatOpening: true, chatProgress: undefined, chatFailure: undefined });
    try {
      const onProgress = (chatProgress: Progress): void => set({ chatProgress });
      set({ chat: await engine.openChat(adapters, callback(onProgress)) });
      return true;
    } catch (error) {
      set({ chatFailure: failureOf(error) });
      return false;
    } finally {
      set({ isChatOpening: false });
    }
  };

  return {
    ...(keptConversation() ?? emptyConversation),
    draft: "",
    earlierTurns: [],
    isAnswering: false,
    isChatOpening: false,
    setVoices: (voices) => {
      set({ voices });
      keep();
    },
    chatWith: (adapters) => {
      const voices = [baseVoice, ...adapters.slice(0, MOST_VOICES - 1)];
      if (voices.join() === get().voices.join()) return;
      get().newConversation();
      get().setVoices(voices);
    },
    updateChatSettings: (changes) => {
      set({ chatSettings: { ...get().chatSettings, ...changes } });
      keep();
    },
    setDraft: (draft) => set({ draft }),
    editTurn: (editing) => {
      const turn = editing === undefined ? undefined : get().turns[editing];
      set({ editing: turn && editing, draft: turn?.prompt ?? "" });
    },
    openChat: async () => {
      const { model, gpu, chat } = get();
      if (!model || !gpu) return false;
      const adapters = voicesPresent(get()).filter((voice) => voice !== baseVoice);
      const what = JSON.stringify([model.reference, adapters]);
      if (chat && opened === what) return true;
      if (opening?.what === what) return opening.done;
      opened = what;
      opening = { what, done: load(adapters) };
      const isOpen = await opening.done;
      if (opening.what === what) opening = undefined;
      return isOpen;
    },
    closeChat: async () => {
      set({ chat: undefined });
      await engine.closeChat();
    },
    ask: async (prompt) => {
      const { editing, chatSettings, turns, isAnswering } = get();
      if (prompt.trim() === "" || isAnswering) return;
      const turn = { prompt: prompt.trim(), seed: chatSettings.seed, answers: {} };
      set({ turns: [...turns.slice(0, editing), turn], draft: "", editing: undefined });
      await answerLast();
    },
    askAgain: async () => {
      const turns = [...get().turns];
      const last = turns.pop();
      if (!last || get().isAnswering) return;
      const isFirst = Object.values(last.answers).every(({ end }) => end === undefined);
      set({ turns: [...turns, { ...last, seed: isFirst ? last.seed : last.seed + 1, answers: {} }] });
      await answerLast();
    },
    stopAnswers: async () => {
      stops++;
      await engine.stopAnswers();
    },
    newConversation: () => {
      const { turns, isAnswering } = get();
      if (turns.length === 0 || isAnswering) return;
      set({ turns: [], earlierTurns: turns, editing: undefined });
      keep();
    },
    backToEarlier: () => {
      set({ turns: get().earlierTurns, earlierTurns: [] });
      keep();
    },
    forgetChat: () => {
      set({ ...emptyConversation, draft: "", editing: undefined, earlierTurns: [] });
      forgetConversation();
    },
  };
};
