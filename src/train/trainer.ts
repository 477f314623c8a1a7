// The training loop. It is given programs, memory and batches; it knows no file, no tokenizer and no page. Numbers
// come back through a ring of mapped buffers, so no step waits for its own loss.

import type { Batch } from "../core/batch";
import type { Checkpoint } from "../core/checkpoint";
import type { EvaluationMetrics, RunEvent, SampleAnswers, StepMetrics } from "../core/metrics";
import type { RunConfig } from "../core/run-config";
import { READBACK_SLOTS, ReadbackRing } from "../gpu/readback";
import { initialMatrices, writeMatrices, type LoraMatrices } from "../model/lora";
import { reportFields } from "../ops/cross-entropy";
import type { Memory } from "../program/memory";
import { Program } from "../program/program";
import { RunControl } from "./run-control";
import { learningRateShare, warmupOf } from "./schedule";
import type { TrainingPlan } from "./training-plan";

/** The micro-batches of a run, in order. */
export interface TrainingSchedule {
  /** Optimiser steps in all. */
  readonly steps: number;
  /** Micro-batches of one accumulation window. */
  window(step: number): readonly Batch[];
  /** Epoch that the step lies in, from 0. */
  epoch(step: number): number;
  readonly evaluation: readonly Batch[];
}

export interface RunHooks {
  /** Answers to the sample prompts with the adapter as it is. */
  readonly sample?: () => Promise<SampleAnswers["answers"]>;
  readonly control?: RunControl;
  /** Stop after this many optimiser steps, as if the person had. */
  readonly until?: number;
}

/** Steps whose numbers may still be on their way while the next is submitted. */
const STEPS_UNDER_WAY = READBACK_SLOTS - 1;
/** Micro-steps that may be queued on the GPU, so that pausing and stopping stay prompt. */
const MICRO_STEPS_QUEUED = 2;

export class Trainer {
  /** Optimiser steps done. */
  private done = 0;

  private constructor(
    private readonly memory: Memory,
    private readonly plan: TrainingPlan,
    private readonly config: RunConfig,
    private readonly programs: { microStep: Program; update: Program; evaluation: Program },
    private readonly ring: ReadbackRing,
  ) {}

  /** Binds the plan to memory in which its banks and residents are allocated, and starts from a new adapter. */
  static async create(memory: Memory, plan: TrainingPlan, config: RunConfig): Promise<Trainer> {
    const [microStep, update, evaluation] = await Promise.all([
      Program.create(memory, plan.microStep),
      Program.create(memory, plan.update),
      Program.create(memory, plan.evaluation),
    ]);
    const ring = await memory.gpu.guard(
      "the readback ring",
      () => new ReadbackRing(memory.gpu, plan.report.bytes),
    );
    const trainer = new Trainer(memory, plan, config, { microStep, update, evaluation }, ring);
    trainer.start((index) => initialMatrices(plan.model.modules[index]!, config.lora, config.seed, index));
    return trainer;
  }

  /** Begins again at step 0 with the given A and B of each module, in the order of `plan.model.modules`. */
  start(matrices: (index: number) => LoraMatrices): void {
    const { parameters, modules } = this.plan.model;
    for (const flat of [parameters.values, parameters.gradients, parameters.moment1, parameters.moment2]) {
      this.memory.clear(flat);
    }
    this.memory.clear(this.plan.report);
    modules.forEach((module, index) =>
      writeMatrices(this.memory, module, this.config.lora.rank, matrices(index)),
    );
    this.done = 0;
  }

  async checkpoint(): Promise<Checkpoint> {
    const { values, moment1, moment2 } = this.plan.model.parameters;
    const read = (tensor: typeof values) => this.memory.readFloats(tensor);
    return {
      step: this.done,
      values: await read(values),
      moment1: await read(moment1),
      moment2: await read(moment2),
    };
  }

  restore(checkpoint: Checkpoint): void {
    const { values, gradients, moment1, moment2 } = this.plan.model.parameters;
    this.memory.write(values, checkpoint.values);
    this.memory.write(moment1, checkpoint.moment1);
    this.memory.write(moment2, checkpoint.moment2);
    this.memory.clear(gradients);
    this.memory.clear(this.plan.report);
    this.done = checkpoint.step;
  }

  /** Trains to the end of the schedule, from wherever the trainer stands. */
  async *run(schedule: TrainingSchedule, hooks: RunHooks = {}): AsyncGenerator<RunEvent> {
    const { evaluationInterval } = this.config;
    const control = hooks.control ?? new RunControl();
    const end = Math.min(schedule.steps, hooks.until ?? Infinity);
    const waiting: Promise<StepMetrics>[] = [];
    const clock = new StepClock(this.done, schedule.steps);

    try {
      if (this.done === 0) {
        yield* this.assess(schedule, hooks);
        clock.resume();
      }
      while (this.done < end) {
        if (await control.gate()) clock.resume();
        if (control.stopped) break;
        waiting.push((await this.submitStep(schedule, clock)).metrics);
        const due = this.done === end || (evaluationInterval > 0 && this.done % evaluationInterval === 0);
        if (yield* this.arrivals(waiting, due ? 0 : STEPS_UNDER_WAY)) return;
        if (due) {
          yield* this.assess(schedule, hooks);
          clock.resume();
        }
      }
      if (yield* this.arrivals(waiting, 0)) return;
    } finally {
      // However the run ends, the ring is free for the next one.
      await Promise.allSettled(waiting);
    }
    yield this.done < schedule.steps
      ? { kind: "end", reason: "stopped", step: this.done, message: `Stopped after step ${this.done}.` }
      : { kind: "end", reason: "finished", step: this.done, message: `Finished ${this.done} steps.` };
  }

  /** Token-mean loss, accuracy and perplexity over `batches`; changes no parameter. */
  async evaluate(batches: readonly Batch[]): Promise<EvaluationMetrics> {
    const { memory, plan } = this;
    for (const [index, batch] of batches.entries()) {
      const counts = plan.inputs.write(memory, batch);
      this.programs.evaluation.run({ ...counts, lossScale: 1, reset: index === 0 ? 1 : 0 });
      await memory.gpu.finished();
    }
    const numbers = await memory.readFloats(plan.report);
    const supervisedTokens = numbers[reportFields.labelled]!;
    const loss = numbers[reportFields.lossSum]! / supervisedTokens;
    const tokenAccuracy = numbers[reportFields.correct]! / supervisedTokens;
    const perplexity = Math.exp(loss);
    return { kind: "evaluation", step: this.done, loss, tokenAccuracy, perplexity, supervisedTokens };
  }

  dispose(): void {
    Object.values(this.programs).forEach((program) => program.dispose());
    this.ring.dispose();
  }

  /** Looks at the adapter as it is: held-out loss where rows are held out, answers where prompts are given. */
  private async *assess(schedule: TrainingSchedule, hooks: RunHooks): AsyncGenerator<RunEvent> {
    if (schedule.evaluation.length > 0) yield await this.evaluate(schedule.evaluation);
    const answers = (await hooks.sample?.()) ?? [];
    if (answers.length > 0) yield { kind: "samples", step: this.done, answers };
  }

  /** Yields the metrics that arrive until at most `remaining` are waiting; true when one of them ended the run. */
  private async *arrivals(
    waiting: Promise<StepMetrics>[],
    remaining: number,
  ): AsyncGenerator<RunEvent, boolean> {
    while (waiting.length > remaining) {
      const metrics = await waiting.shift()!;
      yield metrics;
      if (Number.isFinite(metrics.loss) && Number.isFinite(metrics.gradientNorm)) continue;
      // The steps queued behind it changed nothing: the report's flag stays up.
      this.done = metrics.step - 1;
      yield nonFiniteEnd(metrics);
      return true;
    }
    return false;
  }

  /** Submits one optimiser step. Resolves when it is queued; `metrics` when its numbers are there. */
  private async submitStep(
    schedule: TrainingSchedule,
    clock: StepClock,
  ): Promise<{ readonly metrics: Promise<StepMetrics> }> {
    const { config, plan, memory } = this;
    const { steps } = schedule;
    const window = schedule.window(this.done);
    const share = learningRateShare(config.schedule, this.done, warmupOf(config, steps), steps);
    const learningRate = config.learningRate * share;
    const epoch = schedule.epoch(this.done);
    const supervisedTokens = window.reduce((sum, batch) => sum + batch.supervised, 0);
    const totalTokens = window.reduce((sum, batch) => sum + batch.tokens.length, 0);
    const step = ++this.done;

    const queued: Promise<void>[] = [];
    for (const [index, batch] of window.entries()) {
      const counts = plan.inputs.write(memory, batch);
      this.programs.microStep.run({
        ...counts,
        lossScale: 1 / supervisedTokens,
        reset: index === 0 ? 1 : 0,
        dropoutSeed: dropoutSeed(config.seed, step, index),
      });
      queued.push(memory.gpu.finished());
      if (queued.length > MICRO_STEPS_QUEUED) await queued.shift();
    }
    this.programs.update.run({
      decay: 1 - learningRate * config.weightDecay,
      stepSize: learningRate / (1 - config.adamBeta1 ** step),
      rootCorrection: Math.sqrt(1 - config.adamBeta2 ** step),
    });
    const metrics = this.ring.take(memory.buffer(plan.report), 0).then((numbers): StepMetrics => {
      const broken = numbers[reportFields.nonFinite] !== 0;
      return {
        kind: "step",
        step,
        steps,
        epoch,
        loss: broken ? NaN : numbers[reportFields.lossSum]! / supervisedTokens,
        tokenAccuracy: numbers[reportFields.correct]! / supervisedTokens,
        learningRate,
        gradientNorm: broken ? NaN : numbers[reportFields.gradientNorm]!,
        supervisedTokens,
        totalTokens,
        ...clock.tick(step, totalTokens),
      };
    });
    // A failure is met where the metrics are awaited; until then it is not an unhandled one.
    metrics.catch(() => undefined);
    return { metrics };
  }
}

/** u32 that no two micro-steps of a run share. */
function dropoutSeed(seed: number, step: number, index: number): number {
  return (Math.imul(seed, 0x9e3779b1) + Math.imul(step, 0x85ebca77) + index) >>> 0;
}

function nonFiniteEnd({ step }: StepMetrics): RunEvent {
  const message =
    `Step ${step} gave a loss or gradient that is not a finite number, so the run was stopped. ` +
    `The adapter is kept as it was before that step. Lower the learning rate, turn clipping on, or look for broken rows.`;
  return { kind: "end", reason: "non-finite", step: step - 1, message };
}

/** The speed rests on at least so many steps, once there are so many, and on at least so long. */
const SPEED_STEPS = 4;
const SPEED_MILLISECONDS = 1000;

/**
 * Tokens per second and the time left, from when the steps' numbers arrive. Evaluations and pauses do not count. The
 * numbers of two steps may arrive together, so that one step's own time would say nothing.
 */
class StepClock {
  private last = performance.now();
  private busyMilliseconds = 0;
  /** The last steps, with their sums. */
  private readonly recent: { readonly tokens: number; readonly milliseconds: number }[] = [];
  private tokens = 0;
  private milliseconds = 0;

  constructor(
    private readonly firstStep: number,
    private readonly steps: number,
  ) {}

  /** Time until now was spent on something else. */
  resume(): void {
    this.last = performance.now();
  }

  tick(step: number, tokens: number): Pick<StepMetrics, "tokensPerSecond" | "secondsLeft"> {
    const now = performance.now();
    const milliseconds = Math.max(1e-3, now - this.last);
    this.last = now;
    this.busyMilliseconds += milliseconds;
    this.recent.push({ tokens, milliseconds });
    this.tokens += tokens;
    this.milliseconds += milliseconds;
    while (
      this.recent.length > SPEED_STEPS &&
      this.milliseconds - this.recent[0]!.milliseconds >= SPEED_MILLISECONDS
    ) {
      const oldest = this.recent.shift()!;
      this.tokens -= oldest.tokens;
      this.milliseconds -= oldest.milliseconds;
    }
    const perStep = this.busyMilliseconds / (step - this.firstStep);
    return {
      tokensPerSecond: (1000 * this.tokens) / this.milliseconds,
      secondsLeft: (perStep * (this.steps - step)) / 1000,
    };
  }
}
