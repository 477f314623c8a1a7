// A model on the GPU, ready to answer: the weights once, and beside the base any number of adapters, each with its own
// key/value cache. They answer one at a time and share what they compute in.

import { AppError, assert } from "../core/errors";
import type { Message } from "../core/message";
import { encodePrompt } from "../data/tokenize-example";
import type { PeftAdapter } from "../export/peft";
import type { Gpu } from "../gpu/device";
import { Generator, planGeneration } from "../generate/generator";
import { withLora, writeMatrices, type LoraModel } from "../model/lora";
import { Memory } from "../program/memory";
import { sharedBankBytes } from "../program/plan";
import type { Tuning } from "../program/tuning";
import { adapterMatrices } from "./adapter-tensors";
import { decoded, type AnswerOptions, type AnswerPart } from "./answer";
import { plansOf, residentsOf, type SessionPlans } from "./memory-estimate";
import { loadInParts } from "./load-in-parts";
import type { OpenedModel } from "./open-model";

export interface ChatOptions {
  /** Longest prompt and answer together, in tokens. */
  readonly context: number;
  /** The one adapter that answers, instead of the base. */
  readonly adapter?: PeftAdapter;
  /** Adapters that answer beside the base, by their ids. */
  readonly adapters?: Readonly<Record<string, PeftAdapter>>;
  readonly tuning?: Tuning;
  /** Called with the share of the weights that is loaded, 0 to 1. */
  readonly onLoaded?: (share: number) => void;
}

/** Id of what answers when no adapter is named. */
const BASE = "";

export class ChatSession {
  private constructor(
    private readonly model: OpenedModel,
    private readonly memory: Memory,
    readonly context: number,
    private readonly generators: ReadonlyMap<string, Generator>,
  ) {}

  static async open(gpu: Gpu, model: OpenedModel, options: ChatOptions): Promise<ChatSession> {
    const { context, adapter, adapters = {} } = options;
    const declared = model.decoder.declare(context);
    const tuning = options.tuning ? { tuning: options.tuning } : {};
    const adapted = (peft: PeftAdapter): Speaker => {
      const lora = withLora(declared, peft.config, 0);
      return { plan: planGeneration(lora.decoder, context, tuning), lora, peft };
    };
    const base = adapter ? adapted(adapter) : { plan: planGeneration(declared.decoder, context, tuning) };
    const speakers = new Map<string, Speaker>([
      [BASE, base],
      ...Object.entries(adapters).map(([id, peft]): [string, Speaker] => [id, adapted(peft)]),
    ]);
    const generations = [...speakers.values()].map(({ plan }) => plan);
    const plans: SessionPlans = { model: declared, generations };
    const memory = new Memory(gpu);
    const generators = new Map<string, Generator>();
    try {
      await loadInParts(memory, declared, model.decoder.weights, options.onLoaded);
      await memory.allocate(residentsOf(plans));
      await memory.allocateBanks(sharedBankBytes(plansOf(plans)));
      for (const [id, speaker] of speakers) {
        if (speaker.lora) writeAdapter(memory, speaker.lora, speaker.peft);
        generators.set(id, await Generator.create(memory, speaker.plan));
      }
      return new ChatSession(model, memory, context, generators);
    } catch (error) {
      generators.forEach((generator) => generator.dispose());
      memory.dispose();
      throw error;
    }
  }

  /** Streams the answer to the last message. */
  answer(messages: readonly Message[], options: AnswerOptions): AsyncGenerator<AnswerPart> {
    return this.answerPrompt(this.prompt(messages), options);
  }

  /** The conversation as the model reads it. Throws `bad-config` when it leaves no room for an answer. */
  prompt(messages: readonly Message[]): Uint32Array {
    const prompt = this.encode(messages);
    if (prompt.length < this.context) return prompt;
    throw new AppError(
      "bad-config",
      `The conversation has ${prompt.length} tokens, but the model reads at most ${this.context}, its answer included. Begin a new conversation, or shorten this one.`,
    );
  }

  /** Streams the answer of the base, or of an adapter by its id; ends at the template's end of answer. */
  answerPrompt(prompt: Uint32Array, options: AnswerOptions, speaker = BASE): AsyncGenerator<AnswerPart> {
    const { tokenizer, stopIds } = this.model.chat;
    return decoded(tokenizer, this.generatorOf(speaker).generate(prompt, { ...options, stopIds }));
  }

  /** Continues plain text, without the chat template. */
  async *complete(text: string, options: AnswerOptions): AsyncGenerator<AnswerPart> {
    const { tokenizer } = this.model.chat;
    const prompt = tokenizer.encode(text, { addSpecial: true });
    const generated = this.generator.generate(prompt, { ...options, stopIds: tokenizer.eosIds });
    yield* decoded(tokenizer, generated, prompt);
  }

  dispose(): void {
    this.generators.forEach((generator) => generator.dispose());
    this.memory.dispose();
  }

  /** Of the base, or of the one adapter that answers instead of it. */
  get generator(): Generator {
    return this.generatorOf(BASE);
  }

  private encode(messages: readonly Message[]): Uint32Array {
    try {
      return encodePrompt(messages, this.model.chat);
    } catch (error) {
      if (!(error instanceof AppError) || error.name !== "bad-dataset-row") throw error;
      throw new AppError("bad-config", `This conversation can't be answered: ${error.message}.`, {
        cause: error,
      });
    }
  }

  private generatorOf(speaker: string): Generator {
    const generator = this.generators.get(speaker);
    assert(generator, `the chat was opened without the adapter ${speaker}`);
    return generator;
  }
}

type Speaker = { readonly plan: ReturnType<typeof planGeneration> } & (
  { readonly lora: LoraModel; readonly peft: PeftAdapter } | { readonly lora?: never }
);

function writeAdapter(memory: Memory, lora: LoraModel, peft: PeftAdapter): void {
  for (const module of lora.modules) {
    writeMatrices(memory, module, lora.config.rank, adapterMatrices(peft.tensors, module.path));
  }
}
