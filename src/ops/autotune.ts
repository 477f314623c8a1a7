// Measures, in a fraction of a second on a GPU, which kernel variants are fastest on this adapter. Variants race in
// small problems; before its time counts, a variant's result is compared with that of the safe one, and a variant that
// disagrees is out. The result is plain data and may be cached for the adapter.
//
// Shapes are those of a small language model's layer: "wide" a projection, "narrow" its product with a LoRA matrix of
// rank 16. The first race pits registers against shared tiles. Where sharing is hopeless, as on software adapters, whose
// barriers cost more than the work between them, that settles everything: more races would be spent on compiling.

import type { Gpu } from "../gpu/device";
import { Memory } from "../program/memory";
import { compile, Program } from "../program/program";
import type { Tape } from "../program/tape";
import { resident, type Tensor } from "../program/tensor";
import { tunings, type MatmulVariant, type ProductShape, type Tuning } from "../program/tuning";
import { copy, newTape } from "./elementwise";
import { matmulBackwardInput, matmulBackwardWeight, matmulForward, type MatmulEntry } from "./matmul";
import { rmsNorm } from "./rms-norm";
import { f32Weight } from "./weight";

/** One way of filling the output of a race. */
export interface Contender<Name> {
  readonly name: Name;
  record(tape: Tape): void;
}

export interface RaceProblem {
  readonly inputs: ReadonlyMap<Tensor, Float32Array<ArrayBuffer>>;
  readonly output: Tensor;
  /** Largest ‖difference‖ / ‖safe‖ that is rounding. */
  readonly tolerance: number;
}

export interface Placing<Name> {
  readonly name: Name;
  readonly seconds: number;
}

/** Contenders in the order in which they are tried; the first is the safe one. */
const firstOrder: readonly MatmulVariant[] = ["registers", "shared"];
const wideOrder: readonly MatmulVariant[] = ["registers", "shared", "shared-small"];
const narrowOrder: readonly MatmulVariant[] = ["registers", "shared-small", "split"];
const rowLaneChoices: readonly number[] = [4, 32, 64];

/** A later contender must be this much faster than the best before it: so noise decides no close race. */
const MARGIN = 0.95;
/** Contenders slower than this many times the best are not tried elsewhere. */
const HOPELESS = 3;

export async function autotune(gpu: Gpu): Promise<Tuning> {
  const small = products(128, 256, 256);
  const first = await race(gpu, small.forward, contenders(small.forward, firstOrder));
  const safe = first[0]!;
  const shared = first.find(({ name }) => name === "shared");
  if (!shared || shared.seconds > HOPELESS * safe.seconds) {
    return { ...tunings.software, multiplyAddsPerSecond: twoDigits(small.multiplyAdds / safe.seconds) };
  }
  // Problems that fill a GPU, or those that a processor does in about 10 ms.
  const isFast = Math.min(safe.seconds, shared.seconds) < 1e-3;
  const wide = isFast ? products(512, 768, 768) : small;
  const narrow = isFast ? products(512, 768, 16) : products(128, 256, 16);

  let multiplyAddsPerSecond = Infinity;
  const choose = async (
    problems: Products,
    order: readonly MatmulVariant[],
  ): Promise<Record<MatmulEntry, MatmulVariant>> => {
    const places = await race(gpu, problems.forward, contenders(problems.forward, order));
    const best = winner(places);
    const hopeful = order.filter((name) => {
      const place = places.find((other) => other.name === name);
      return place && place.seconds <= HOPELESS * best.seconds;
    });
    const winners: Record<MatmulEntry, Placing<MatmulVariant>> = {
      forward: best,
      backward_input: best,
      backward_weight: best,
    };
    if (hopeful.length > 1) {
      for (const entry of ["backward_input", "backward_weight"] as const) {
        winners[entry] = winner(await race(gpu, problems[entry], contenders(problems[entry], hopeful)));
      }
    }
    if (problems === wide) {
      const slowest = Math.max(...Object.values(winners).map(({ seconds }) => seconds));
      multiplyAddsPerSecond = problems.multiplyAdds / slowest;
    }
    return {
      forward: winners.forward.name,
      backward_input: winners.backward_input.name,
      backward_weight: winners.backward_weight.name,
    };
  };
  const wideWinners = await choose(wide, wideOrder);
  const narrowWinners = await choose(narrow, narrowOrder);
  const rowLanes = winner(await race(gpu, ...rowProblem(isFast ? 512 : 64, 768))).name;
  const both = (entry: MatmulEntry): Record<ProductShape, MatmulVariant> => ({
    wide: wideWinners[entry],
    narrow: narrowWinners[entry],
  });
  return {
    matmul: {
      forward: both("forward"),
      backward_input: both("backward_input"),
      backward_weight: both("backward_weight"),
    },
    rowLanes,
    // What makes few lanes win in a row is what makes them win in attention: barriers that cost more than the work.
    attentionLanes: (rowLanes < 16 ? tunings.software : tunings.gpu).attentionLanes,
    multiplyAddsPerSecond: twoDigits(multiplyAddsPerSecond),
  };
}

/** The fastest; of two within 5 % the earlier one. */
export function winner<Name>(places: readonly Placing<Name>[]): Placing<Name> {
  return places.reduce((best, next) => (next.seconds < MARGIN * best.seconds ? next : best));
}

/** Times every contender whose output agrees with the first one's. In the order of `contenders`, liars left out. */
export async function race<Name>(
  gpu: Gpu,
  problem: RaceProblem,
  contenders: readonly Contender<Name>[],
): Promise<Placing<Name>[]> {
  const memory = new Memory(gpu);
  try {
    await memory.allocate([...problem.inputs.keys(), problem.output]);
    for (const [tensor, contents] of problem.inputs) memory.write(tensor, contents);
    const places: Placing<Name>[] = [];
    let safe: Float32Array | undefined;
    let repeats = 1;
    for (const contender of contenders) {
      memory.clear(problem.output);
      let seconds = await timed(memory, contender, 1, 1);
      const output = await memory.readFloats(problem.output);
      safe ??= output;
      if (!(relativeDifference(output, safe) <= problem.tolerance)) continue;
      const best = Math.min(...places.map((place) => place.seconds * repeats));
      if (seconds < TOO_LONG_SECONDS || seconds < HOPELESS * best) {
        seconds = await timed(memory, contender, 1, ROUNDS);
        if (output === safe) repeats = Math.max(1, Math.min(MOST_REPEATS, Math.round(RUN_SECONDS / seconds)));
        seconds = repeats > 1 ? (await timed(memory, contender, repeats, ROUNDS)) / repeats : seconds;
      }
      places.push({ name: contender.name, seconds });
    }
    return places;
  } finally {
    memory.dispose();
  }
}

/** A run this long drowns the cost of submitting and waiting for it. */
const RUN_SECONDS = 2e-3;
const MOST_REPEATS = 32;
const ROUNDS = 3;
/** A contender that took longer than this in its first run is timed again only if it is near the best. */
const TOO_LONG_SECONDS = 0.02;

/** Least seconds of `rounds` runs, each of `repeats` recordings back to back. */
async function timed<Name>(
  memory: Memory,
  contender: Contender<Name>,
  repeats: number,
  rounds: number,
): Promise<number> {
  const tape = newTape({ training: false });
  for (let i = 0; i < repeats; i++) contender.record(tape);
  const plan = compile(tape, { multiplyAddsPerLaunch: Infinity });
  await memory.allocate(plan.residents);
  await memory.allocateBanks(plan.bankBytes);
  const program = await Program.create(memory, plan);
  let least = Infinity;
  for (let round = 0; round < rounds; round++) {
    const begin = performance.now();
    program.run({});
    await memory.gpu.finished();
    least = Math.min(least, (performance.now() - begin) / 1000);
  }
  program.dispose();
  return least;
}

type Products = Readonly<Record<MatmulEntry, MatmulProblem>> & { readonly multiplyAdds: number };

interface MatmulProblem extends RaceProblem {
  record(tape: Tape, variant: MatmulVariant): void;
}

/** The three products of x (N,K), dy (N,O) and an f32 weight (O,K). */
function products(tokens: number, inner: number, outs: number): Products {
  const x = resident("x", [tokens, inner]);
  const dy = resident("dy", [tokens, outs]);
  const w = resident("w", [outs, inner]);
  const weight = f32Weight(w, outs, inner);
  const host = new Map([x, dy, w].map((tensor, i) => [tensor, hashedNumbers(tensor.bytes / 4, i)]));
  const pick = (...tensors: Tensor[]) => new Map(tensors.map((tensor) => [tensor, host.get(tensor)!]));
  const y = resident("y", [tokens, outs]);
  const dx = resident("dx", [tokens, inner]);
  const dw = resident("dw", [outs, inner]);
  return {
    multiplyAdds: tokens * inner * outs,
    forward: {
      inputs: pick(x, w),
      output: y,
      tolerance: sumTolerance(inner),
      record: (tape, variant) => matmulForward(tape, x, weight, y, { variant }),
    },
    backward_input: {
      inputs: pick(dy, w),
      output: dx,
      tolerance: sumTolerance(outs),
      record: (tape, variant) => matmulBackwardInput(tape, dy, weight, dx, { variant }),
    },
    backward_weight: {
      inputs: pick(x, dy),
      output: dw,
      tolerance: sumTolerance(tokens),
      record: (tape, variant) => matmulBackwardWeight(tape, dy, x, dw, { variant }),
    },
  };
}

function contenders(problem: MatmulProblem, order: readonly MatmulVariant[]): Contender<MatmulVariant>[] {
  return order.map((name) => ({ name, record: (tape) => problem.record(tape, name) }));
}

/** RMSNorm of (rows, cols) with each number of lanes a row. */
function rowProblem(rows: number, cols: number): [RaceProblem, Contender<number>[]] {
  const x = resident("x", [rows, cols]);
  const w = resident("w", [cols]);
  const output = resident("y", [rows, cols]);
  const problem = {
    inputs: new Map([
      [x, hashedNumbers(rows * cols, 3)],
      [w, hashedNumbers(cols, 4)],
    ]),
    output,
    tolerance: sumTolerance(cols),
  };
  const choices = rowLaneChoices.map((rowLanes): Contender<number> => ({
    name: rowLanes,
    record(tape) {
      const tuned = newTape({ training: false, tuning: { ...tunings.gpu, rowLanes } });
      copy(tuned, rmsNorm(tuned, x, { tensor: w }, 1e-5), output);
      tape.launches.push(...tuned.launches);
    },
  }));
  return [problem, choices];
}

/** Two sums of `length` products in f32 that differ only in their order. */
function sumTolerance(length: number): number {
  return 16 * Math.sqrt(length) * 2 ** -24;
}

/** ‖a − b‖ / ‖b‖; Infinity when a number is not finite. */
function relativeDifference(a: Float32Array, b: Float32Array): number {
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < a.length; i++) {
    difference += (a[i]! - b[i]!) ** 2;
    norm += b[i]! ** 2;
  }
  const relative = Math.sqrt(difference / norm);
  return Number.isFinite(relative) ? relative : Infinity;
}

/** Numbers in [−1, 1) without a pattern, the same everywhere. */
function hashedNumbers(count: number, stream: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, (_, i) => {
    const bits = Math.imul(i + Math.imul(stream, 0x9e3779b1), 0x85ebca6b);
    return (Math.imul(bits ^ (bits >>> 15), 0xc2b2ae35) >>> 8) / 2 ** 23 - 1;
  });
}

/** Timing says no more than this; the rest would only make cached results differ. */
function twoDigits(value: number): number {
  return Number(value.toPrecision(2));
}
