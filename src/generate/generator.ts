// Generation: a prompt is read in chunks, then one token at a time, through the same decoder as in training and a
// key/value cache. Knows ids, not text.

import { AppError } from "../core/errors";
import { nextHiddenStates, type Decoder, type LayerCache } from "../model/decoder";
import { withoutDropout } from "../model/lora";
import { newTape } from "../ops/elementwise";
import { gatherRows } from "../ops/gather";
import { projectLogits } from "../ops/head";
import { roundUp4 } from "../ops/matmul";
import { ReadbackRing } from "../gpu/readback";
import type { Memory } from "../program/memory";
import { compile, Program, type CompileOptions, type ProgramPlan } from "../program/program";
import { resident, value, view, type Tensor } from "../program/tensor";
import type { Tuning } from "../program/tuning";
import { Sampler, type SamplingOptions } from "./sampler";

export interface GenerationPlan {
  /** Longest prompt and answer together. */
  readonly context: number;
  readonly tokens: Tensor; // (PREFILL_ROWS)
  readonly positions: Tensor; // (PREFILL_ROWS)
  readonly lastRow: Tensor; // (1): the row whose logits are wanted
  readonly logits: Tensor; // (1, V rounded up to 4)
  readonly vocabulary: number;
  readonly cache: readonly LayerCache[];
  readonly prefill: ProgramPlan;
  readonly decode: ProgramPlan;
}

/** Prompt tokens that one run of the prefill program reads. */
const PREFILL_ROWS = 64;

/** Records and plans both programs; needs no GPU. */
export function planGeneration(
  decoder: Decoder,
  context: number,
  options: CompileOptions & { readonly tuning?: Tuning } = {},
): GenerationPlan {
  const { kvHeads, headSize, vocabulary } = decoder.config;
  const cache = decoder.layers.map((_, i): LayerCache => ({
    keys: resident(`keys ${i}`, [context, kvHeads, headSize]),
    values: resident(`values ${i}`, [context, kvHeads, headSize]),
  }));
  const lastRow = resident("last row", [1]);
  const logits = resident("logits", [1, roundUp4(vocabulary)]);
  const tokens = resident("new tokens", [PREFILL_ROWS]);
  const positions = resident("new positions", [PREFILL_ROWS]);
  const evaluated = withoutDropout(decoder);
  const record = (rows: number): ProgramPlan => {
    const tape = newTape({ training: false, ...(options.tuning && { tuning: options.tuning }) });
    const count = value("count", rows);
    const inputs = {
      tokens: view(tokens, "new tokens", 0, [count]),
      positions: view(positions, "positions", 0, [count]),
    };
    const hidden = nextHiddenStates(tape, evaluated, inputs, cache, value("past", context));
    const last = gatherRows(tape, hidden, lastRow);
    for (const part of decoder.head.weight.parts) {
      const y = view(logits, "logits part", part.firstRow * 4, [1, roundUp4(part.rows)]);
      projectLogits(tape, last, decoder.head, part, y);
    }
    return compile(tape, options);
  };
  return {
    context,
    tokens,
    positions,
    lastRow,
    logits,
    vocabulary,
    cache,
    prefill: record(PREFILL_ROWS),
    decode: record(1),
  };
}

export interface GenerateOptions extends SamplingOptions {
  readonly maxNewTokens: number;
  /** Ids that end the answer; not part of it. */
  readonly stopIds: readonly number[];
}

export class Generator {
  private constructor(
    private readonly memory: Memory,
    private readonly plan: GenerationPlan,
    private readonly prefill: Program,
    private readonly decode: Program,
    private readonly ring: ReadbackRing,
  ) {}

  /** Binds the plan to memory in which its banks and residents are allocated. */
  static async create(memory: Memory, plan: GenerationPlan): Promise<Generator> {
    const prefill = await Program.create(memory, plan.prefill);
    const decode = await Program.create(memory, plan.decode);
    const ring = await memory.gpu.guard(
      "the readback ring",
      () => new ReadbackRing(memory.gpu, plan.logits.bytes),
    );
    return new Generator(memory, plan, prefill, decode, ring);
  }

  /** Yields the answer's ids one by one, until a stop id, `maxNewTokens`, the end of the context or `return()`. */
  async *generate(prompt: Uint32Array, options: GenerateOptions): AsyncGenerator<number> {
    const { context } = this.plan;
    if (prompt.length === 0)
      throw new AppError("bad-config", "The prompt is empty; it needs at least one token.");
    if (prompt.length >= context) {
      throw new AppError(
        "bad-config",
        `The prompt has ${prompt.length} tokens; there is room for ${context - 1}.`,
      );
    }
    const sampler = new Sampler(options, prompt);
    const stops = new Set(options.stopIds);
    let logits = await this.read(prompt);
    for (let past = prompt.length, made = 0; made < options.maxNewTokens; past++, made++) {
      const token = sampler.next(logits);
      if (stops.has(token)) return;
      yield token;
      if (past + 1 >= context) return;
      logits = await this.advance(this.decode, Uint32Array.of(token), past);
    }
  }

  /** Logits (V) after the last token of `prompt`, whose keys and values fill the cache. */
  async read(prompt: Uint32Array): Promise<Float32Array> {
    let logits: Float32Array = new Float32Array();
    for (let past = 0; past < prompt.length; past += PREFILL_ROWS) {
      logits = await this.advance(this.prefill, prompt.subarray(past, past + PREFILL_ROWS), past);
    }
    return logits;
  }

  dispose(): void {
    this.prefill.dispose();
    this.decode.dispose();
    this.ring.dispose();
  }

  private async advance(program: Program, tokens: Uint32Array, past: number): Promise<Float32Array> {
    const { memory, plan } = this;
    memory.write(plan.tokens, tokens);
    memory.write(
      plan.positions,
      tokens.map((_, i) => past + i),
    );
    memory.write(plan.lastRow, Uint32Array.of(tokens.length - 1));
    program.run({ count: tokens.length, past });
    const logits = await this.ring.take(memory.buffer(plan.logits), 0);
    return logits.subarray(0, plan.vocabulary);
  }
}
