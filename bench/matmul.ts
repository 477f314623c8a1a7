// Every variant of the three matrix products, at 512³ and at a model's shapes, each checked against float64 on sampled
// entries before it is timed.

import { createRandom } from "../src/core/random";
import type { Gpu } from "../src/gpu/device";
import type { DecoderConfig } from "../src/model/decoder-config";
import { newTape } from "../src/ops/elementwise";
import {
  matmulBackwardInput,
  matmulBackwardWeight,
  matmulForward,
  matmulVariants,
  roundUp4,
  type MatmulEntry,
  type MatmulVariant,
} from "../src/ops/matmul";
import { declareWeight } from "../src/ops/weight";
import type { Memory } from "../src/program/memory";
import { compile, Program } from "../src/program/program";
import { resident, type Tensor } from "../src/program/tensor";
import { relativeError, tolerance } from "../src/testing/check";
import { packed16, roundTo } from "../src/testing/numbers";
import type { Ceiling } from "./ceiling";
import { memoryFor, race, repeatedLaunch, type Candidate, type Timing } from "./stopwatch";

export interface MatmulCase {
  readonly name: string;
  readonly entry: MatmulEntry;
  /** N, K, O */
  readonly tokens: number;
  readonly inner: number;
  readonly outs: number;
  readonly format: "f32" | "bf16";
}

export interface MatmulResult extends MatmulCase {
  readonly variant: MatmulVariant;
  readonly milliseconds: number;
  readonly processorMilliseconds: number;
  readonly spread: number;
  readonly gigaflops: number;
  /** The ceiling's best form, timed in the same rounds. */
  readonly ceilingGigaflops: number;
  readonly shareOfCeiling: number;
  /** The same from processor time, which other programs do not disturb; of use on software adapters alone. */
  readonly processorShareOfCeiling: number;
  /** ‖difference‖ / ‖reference‖ on sampled entries, and its limit. */
  readonly error: number;
  readonly errorLimit: number;
}

/** 512³ in both weight formats, then the products of one layer of `config`, of its head and of a rank-16 adapter. */
export function matmulCases(config: DecoderConfig, tokens = 256, rank = 16): MatmulCase[] {
  const { hidden, heads, kvHeads, headSize, feedForward, vocabulary } = config;
  const frozen: readonly (readonly [string, number, number])[] = [
    ["query, output", hidden, heads * headSize],
    ["key, value", hidden, kvHeads * headSize],
    ["gate, up", hidden, feedForward],
    ["down", feedForward, hidden],
    ["head", hidden, vocabulary],
  ];
  const adapter: readonly (readonly [string, number, number])[] = [
    ["adapter A", hidden, rank],
    ["adapter B", rank, hidden],
    ["adapter A of down", feedForward, rank],
    ["adapter B of up", rank, feedForward],
  ];
  const products: readonly MatmulEntry[] = ["forward", "backward_input", "backward_weight"];
  const cube = products.flatMap((entry) =>
    (entry === "backward_weight" ? (["f32"] as const) : (["f32", "bf16"] as const)).map(
      (format): MatmulCase => ({ name: "512³", entry, tokens: 512, inner: 512, outs: 512, format }),
    ),
  );
  return [
    ...cube,
    ...frozen.flatMap(([name, inner, outs]) =>
      products.slice(0, 2).map((entry): MatmulCase => ({ name, entry, tokens, inner, outs, format: "bf16" })),
    ),
    ...adapter.flatMap(([name, inner, outs]) =>
      products.map((entry): MatmulCase => ({ name, entry, tokens, inner, outs, format: "f32" })),
    ),
  ];
}

export interface RaceOptions {
  readonly variants?: readonly MatmulVariant[];
  /** The same product elsewhere. */
  readonly rivals?: readonly Candidate[];
}

/** Variants slower than the best by more than this factor at 512³ are not timed at other shapes. */
const HOPELESS = 4;

/** The variants of `results`, the race of one product at 512³, that are worth timing at other shapes. */
export function hopeful(results: readonly MatmulResult[]): MatmulVariant[] {
  const best = Math.min(...results.map(({ milliseconds }) => milliseconds));
  return results.filter(({ milliseconds }) => milliseconds <= HOPELESS * best).map(({ variant }) => variant);
}

/** Races variants of one case and the ceiling. */
export async function benchMatmul(
  gpu: Gpu,
  shape: MatmulCase,
  ceiling: Ceiling,
  rounds: number,
  processors: number,
  { variants = matmulVariants, rivals = [] }: RaceOptions = {},
): Promise<{ results: MatmulResult[]; rivalTimings: Timing[] }> {
  const data = hostData(shape);
  const built = [];
  for (const variant of variants) built.push(await build(gpu, shape, data, variant));
  const timings = await race(
    [ceiling.candidate, ...built.map(({ candidate }) => candidate), ...rivals],
    rounds,
  );
  const peak = timings[0]!;
  const operations = 2 * shape.tokens * shape.inner * shape.outs;
  const results = built.map(({ error, errorLimit }, i): MatmulResult => {
    const timing = timings[1 + i]!;
    const share = (own: number, best: number): number => operations / own / (ceiling.operations / best);
    return {
      ...shape,
      variant: variants[i]!,
      milliseconds: timing.milliseconds,
      processorMilliseconds: timing.processorMilliseconds / processors,
      spread: timing.spread,
      gigaflops: operations / timing.milliseconds / 1e6,
      ceilingGigaflops: ceiling.operations / peak.milliseconds / 1e6,
      shareOfCeiling: share(timing.milliseconds, peak.milliseconds),
      processorShareOfCeiling: share(timing.processorMilliseconds, peak.processorMilliseconds),
      error,
      errorLimit,
    };
  });
  built.forEach(({ dispose }) => dispose());
  return {
    results,
    rivalTimings: timings.slice(1 + built.length),
  };
}

interface HostData {
  readonly x: Float32Array; // (N,K)
  readonly dy: Float32Array; // (N,O padded)
  readonly w: Float32Array; // (O,K), rounded to the format
  readonly packed: Float32Array | Uint32Array;
}

function hostData({ tokens, inner, outs, format }: MatmulCase): HostData {
  const random = createRandom(7);
  const fill = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);
  const stride = roundUp4(outs);
  const dy = fill(tokens * stride).map((value, i) => (i % stride < outs ? value : 0));
  const w = fill(outs * inner).map((value) => roundTo(format, value));
  return {
    x: fill(tokens * inner),
    dy,
    w,
    packed: format === "f32" ? w : packed16(format, Float64Array.from(w)),
  };
}

async function build(
  gpu: Gpu,
  shape: MatmulCase,
  data: HostData,
  variant: MatmulVariant,
): Promise<{ candidate: Candidate; error: number; errorLimit: number; dispose: () => void }> {
  const { entry, tokens, inner, outs, format } = shape;
  const stride = roundUp4(outs);
  const x = resident("x", [tokens, inner]);
  const dy = resident("dy", [tokens, stride]);
  const weight = declareWeight("w", format, outs, inner);
  const part = weight.parts[0]!.tensor;
  const tape = newTape({ training: false });
  const inputs = new Map<Tensor, Float32Array | Uint32Array>();
  let output: Tensor;
  if (entry === "forward") {
    output = resident("y", [tokens, stride]);
    inputs.set(x, data.x).set(part, data.packed);
    matmulForward(tape, x, weight, output, { variant });
  } else if (entry === "backward_input") {
    output = resident("dx", [tokens, inner]);
    inputs.set(dy, data.dy).set(part, data.packed);
    matmulBackwardInput(tape, dy, weight, output, { variant });
  } else {
    output = resident("dw", [outs, inner]);
    inputs.set(x, data.x).set(dy, data.dy);
    matmulBackwardWeight(tape, dy, x, output, { variant });
  }
  const plan = compile(tape, { multiplyAddsPerLaunch: Infinity });
  const memory = await memoryFor(gpu, plan, inputs);
  const program = await Program.create(memory, plan);
  program.run({});
  const error = await sampledError(memory, shape, data, output);
  program.dispose();
  const errorLimit = tolerance({ forward: inner, backward_input: outs, backward_weight: tokens }[entry]);
  if (!(error <= errorLimit)) {
    throw new Error(
      `${variant} ${entry} ${tokens}×${inner}→${outs}: got error ${error}, limit ${errorLimit}`,
    );
  }
  const candidate = await repeatedLaunch(variant, memory, plan, plan.launches);
  return {
    candidate,
    error,
    errorLimit,
    dispose: () => {
      candidate.dispose();
      memory.dispose();
    },
  };
}

const SAMPLES = 256;

/** ‖difference‖ / ‖reference‖ on entries drawn at random, the reference summed in float64. */
async function sampledError(
  memory: Memory,
  { entry, tokens, inner, outs }: MatmulCase,
  { x, dy, w }: HostData,
  output: Tensor,
): Promise<number> {
  const random = createRandom(8);
  const stride = roundUp4(outs);
  const got = await memory.readFloats(output);
  const [lines, cols, width, depth] = {
    forward: [tokens, outs, stride, inner] as const,
    backward_input: [tokens, inner, inner, outs] as const,
    backward_weight: [outs, inner, inner, tokens] as const,
  }[entry];
  const want = new Float64Array(SAMPLES);
  const sampled = new Float64Array(SAMPLES);
  for (let s = 0; s < SAMPLES; s++) {
    const [i, j] = [random.below(lines), random.below(cols)];
    for (let k = 0; k < depth; k++) {
      if (entry === "forward") want[s]! += x[i * inner + k]! * w[j * inner + k]!;
      else if (entry === "backward_input") want[s]! += dy[i * stride + k]! * w[k * inner + j]!;
      else want[s]! += dy[k * stride + i]! * x[k * inner + j]!;
    }
    sampled[s] = got[i * width + j]!;
  }
  return relativeError(sampled, want);
}
