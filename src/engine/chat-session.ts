// A model on the GPU, ready to answer: alone, or with one adapter.

import type { Message } from "../core/message";
import type { PeftAdapter } from "../export/peft";
import type { Gpu } from "../gpu/device";
import { Generator, planGeneration, type GenerationPlan } from "../generate/generator";
import { withLora, writeMatrices } from "../model/lora";
import { loadModel } from "../model/weights/load";
import { Memory } from "../program/memory";
import { sharedBankBytes } from "../program/plan";
import type { Tuning } from "../program/tuning";
import { adapterMatrices } from "./adapter-tensors";
import { answer, decoded, type AnswerOptions, type AnswerPart } from "./answer";
import { plansOf, residentsOf, type SessionPlans } from "./memory-estimate";
import type { OpenedModel } from "./open-model";

export interface ChatOptions {
  /** Longest prompt and answer together, in tokens. */
  readonly context: number;
  readonly adapter?: PeftAdapter;
  readonly tuning?: Tuning;
}

export class ChatSession {
  private constructor(
    private readonly model: OpenedModel,
    private readonly memory: Memory,
    readonly generator: Generator,
  ) {}

  static async open(gpu: Gpu, model: OpenedModel, options: ChatOptions): Promise<ChatSession> {
    const declared = model.decoder.declare(options.context);
    const lora = options.adapter && withLora(declared, options.adapter.config, 0);
    const tuning = options.tuning ? { tuning: options.tuning } : {};
    const generation: GenerationPlan = planGeneration(
      lora?.decoder ?? declared.decoder,
      options.context,
      tuning,
    );
    const plans: SessionPlans = { model: declared, generation };
    const memory = new Memory(gpu);
    try {
      await loadModel(memory, declared, model.decoder.weights);
      await memory.allocate(residentsOf(plans));
      await memory.allocateBanks(sharedBankBytes(plansOf(plans)));
      if (lora && options.adapter) {
        for (const module of lora.modules) {
          const matrices = adapterMatrices(options.adapter.tensors, module.path);
          writeMatrices(memory, module, lora.config.rank, matrices);
        }
      }
      return new ChatSession(model, memory, await Generator.create(memory, generation));
    } catch (error) {
      memory.dispose();
      throw error;
    }
  }

  /** Streams the answer to the last message. */
  answer(messages: readonly Message[], options: AnswerOptions): AsyncGenerator<AnswerPart> {
    return answer(this.generator, this.model.chat, messages, options);
  }

  /** Continues plain text, without the chat template. */
  async *complete(text: string, options: AnswerOptions): AsyncGenerator<AnswerPart> {
    const { tokenizer } = this.model.chat;
    const prompt = tokenizer.encode(text, { addSpecial: true });
    const generated = this.generator.generate(prompt, { ...options, stopIds: tokenizer.eosIds });
    yield* decoded(tokenizer, generated, prompt);
  }

  dispose(): void {
    this.generator.dispose();
    this.memory.dispose();
  }
}
