// The one chat that may be open, and its answers one after the other.

import { AppError } from "../core/errors";
import type { PeftAdapter } from "../export/peft";
import type { AdapterLibrary } from "./adapter-library";
import type { AnswerEnd, AnswerRequest, ChatSummary, OnProgress } from "./api";
import { ChatSession } from "./chat-session";
import type { GpuRoom } from "./gpu-room";
import type { OpenedReference } from "./model-room";
import { throttled, throttledProgress } from "./throttle";

/** Longest conversation in tokens that a chat keeps in its cache. */
export const CHAT_CONTEXT = 2048;
const PART_MILLISECONDS = 33;

interface OpenChat {
  readonly session: ChatSession;
  readonly adapters: ReadonlySet<string>;
}

export class ChatRoom {
  private current: OpenChat | undefined;
  /** Opening, closing and answers happen one after the other. */
  private queue: Promise<unknown> = Promise.resolve();
  /** Counts stops: an answer that was asked for before the last one ends. */
  private stops = 0;

  constructor(
    private readonly gpu: GpuRoom,
    private readonly adapters: AdapterLibrary,
  ) {}

  async open(model: OpenedReference, ids: readonly string[], onProgress?: OnProgress): Promise<ChatSummary> {
    this.stop();
    return this.inTurn(async () => {
      this.release();
      const progress = throttledProgress(onProgress);
      const read = async (id: string): Promise<[string, PeftAdapter]> => [
        id,
        await this.adapters.read(id, model),
      ];
      const adapters = Object.fromEntries(await Promise.all(ids.map(read)));
      const context = Math.min(model.decoder.config.maxPositions, CHAT_CONTEXT);
      try {
        const gpu = await this.gpu.open();
        const tuning = await this.gpu.tuning(progress);
        const before = gpu.allocatedBytes;
        const total = [...model.decoder.weights.tensors.values()].reduce(
          (sum, { begin, end }) => sum + end - begin,
          0,
        );
        const onLoaded = (share: number): void =>
          progress({ task: "Weights", done: Math.round(share * total), total, unit: "bytes" });
        const session = await ChatSession.open(gpu, model, { context, adapters, tuning, onLoaded });
        this.current = { session, adapters: new Set(ids) };
        return { context, memory: gpu.allocatedBytes - before };
      } catch (error) {
        throw await this.gpu.explained(error);
      }
    });
  }

  async close(): Promise<void> {
    this.stop();
    await this.inTurn(async () => this.release());
  }

  stop(): void {
    this.stops++;
  }

  answer(request: AnswerRequest, onPart: (text: string) => void): Promise<AnswerEnd> {
    const { stops } = this;
    return this.inTurn(async () => {
      try {
        return await this.stream(request, onPart, () => stops !== this.stops);
      } catch (thrown) {
        const error = await this.gpu.explained(thrown);
        // Nothing of a lost device can be used again.
        if (error instanceof AppError && error.name === "device-lost") this.release();
        throw error;
      }
    });
  }

  private async stream(
    request: AnswerRequest,
    onPart: (text: string) => void,
    isStopped: () => boolean,
  ): Promise<AnswerEnd> {
    const { adapter, messages, maxNewTokens, ...sampling } = request;
    const chat = this.current;
    if (!chat) throw new AppError("bad-config", "The chat is closed. Open it again.");
    if (adapter !== undefined && !chat.adapters.has(adapter)) {
      throw new AppError("bad-config", "The chat was opened without this adapter. Open it again.");
    }
    const { session } = chat;
    const prompt = session.prompt(messages);
    const { push, settle } = throttled<string>(PART_MILLISECONDS, (waiting, next) => waiting + next, onPart);
    const begin = performance.now();
    let first = begin;
    let end = begin;
    let tokens = 0;
    let stopped = isStopped();
    const parts = session.answerPrompt(prompt, { ...sampling, maxNewTokens }, adapter);
    try {
      if (!stopped) {
        for await (const { text, ids } of parts) {
          if (ids.length === 1 && tokens === 0) first = performance.now();
          tokens = ids.length;
          if (text !== "") push(text);
          stopped = isStopped();
          if (stopped) break;
        }
      }
    } finally {
      end = performance.now();
      await settle();
    }
    return {
      reason: stopped ? "stopped" : reasonOf(tokens, maxNewTokens, prompt.length, session.context),
      promptTokens: prompt.length,
      tokens,
      seconds: (end - begin) / 1000,
      tokensPerSecond: tokens > 1 ? ((tokens - 1) * 1000) / (end - first) : 0,
    };
  }

  private release(): void {
    this.current?.session.dispose();
    this.current = undefined;
  }

  private inTurn<T>(task: () => Promise<T>): Promise<T> {
    const done = this.queue.then(task);
    this.queue = done.catch(() => undefined);
    return done;
  }
}

function reasonOf(
  tokens: number,
  maxNewTokens: number,
  promptTokens: number,
  context: number,
): AnswerEnd["reason"] {
  if (tokens >= maxNewTokens) return "length";
  return promptTokens + tokens >= context ? "context" : "end";
}
