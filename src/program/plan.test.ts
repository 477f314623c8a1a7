import { describe, expect, it } from "vitest";
import { attention } from "../ops/attention";
import { linearCrossEntropy, declareReport } from "../ops/cross-entropy";
import { add, newTape } from "../ops/elementwise";
import { gatedMlp } from "../ops/gated-mlp";
import { linear } from "../ops/linear";
import { rmsNorm } from "../ops/rms-norm";
import { f32Weight } from "../ops/weight";
import { seededNumbers } from "../testing/numbers";
import { fakeLaunch } from "./launches.fixture";
import { layOutParameters } from "./parameters";
import { planMemory, sharedBankBytes, type MemoryPlan } from "./plan";
import { compile } from "./program";
import type { Launch } from "./tape";
import { alignUp, createTensor, resident, rootOf, value, view, type Tensor } from "./tensor";

const activation = (name: string, elements: number): Tensor => createTensor(name, [elements], "activation");

/** First and last launch that touches each activation. */
function lifetimes(launches: readonly Launch[]): Map<Tensor, { first: number; last: number }> {
  const result = new Map<Tensor, { first: number; last: number }>();
  launches.forEach((launch, index) => {
    for (const root of launch.tensors.map(rootOf)) {
      if (root.place === "resident") continue;
      result.set(root, { first: result.get(root)?.first ?? index, last: index });
    }
  });
  return result;
}

/** The rules of WebGPU and of memory, asked of a plan from outside. Returns planned over largest live bytes. */
function examine(plan: MemoryPlan): number {
  const { launches, placements, bankBytes } = plan;
  const alive = lifetimes(launches);
  expect(new Set(placements.keys())).toEqual(new Set(alive.keys()));

  for (const launch of launches) {
    const read = new Set<number>();
    const written = new Set<number>();
    launch.tensors.forEach((tensor, i) => {
      const bank = placements.get(rootOf(tensor))?.bank;
      if (bank !== undefined) (launch.kernel.bindings[i]!.access === "read" ? read : written).add(bank);
    });
    for (const bank of written)
      expect(read, `${launch.kernel.label} reads a bank it writes`).not.toContain(bank);
  }

  const placed = [...placements].map(([tensor, place]) => ({
    ...place,
    ...alive.get(tensor)!,
    name: tensor.name,
    end: place.offset + tensor.bytes,
  }));
  for (const one of placed) {
    expect(one.offset % 256).toBe(0);
    expect(one.end).toBeLessThanOrEqual(bankBytes[one.bank]!);
    for (const other of placed) {
      if (one === other || one.bank !== other.bank) continue;
      const together = one.first <= other.last && other.first <= one.last;
      const overlap = one.offset < other.end && other.offset < one.end;
      expect(together && overlap, `${one.name} and ${other.name} overlap while both live`).toBe(false);
    }
  }

  const live = launches.map((_, at) =>
    [...alive].reduce(
      (sum, [tensor, { first, last }]) => (first <= at && at <= last ? sum + alignUp(tensor.bytes) : sum),
      0,
    ),
  );
  return bankBytes.reduce((sum, bytes) => sum + bytes, 0) / Math.max(1, ...live);
}

/** Planned bytes may exceed the largest sum of live tensors by this much: fragments and the separation of banks. */
const SLACK = 1.3;

/** A graph of `count` launches that read up to three recent tensors and write one or two of mixed sizes. */
function randomGraph(seed: number, count: number): Launch[] {
  const source = seededNumbers(seed);
  const known: Tensor[] = [];
  const sizes = [64, 256, 1000, 4096, 4096, 16_384];
  const input = resident("input", [64]);
  return Array.from({ length: count }, (_, i) => {
    const reads = new Set<Tensor>();
    for (let r = 0; r < 1 + source.integer(3) && known.length > 0; r++) {
      // Mostly the last few, now and then one from far back, as a backward pass does.
      const back = source.uniform() < 0.85 ? source.integer(4) : source.integer(known.length);
      reads.add(known[Math.max(0, known.length - 1 - back)]!);
    }
    const writes = Array.from({ length: 1 + source.integer(2) }, (_, w) =>
      activation(`t${i}.${w}`, sizes[source.integer(sizes.length)]!),
    );
    known.push(...writes);
    return fakeLaunch([input, ...reads], writes);
  });
}

describe("planMemory", () => {
  it("alternates a chain between two places", () => {
    const chain = Array.from({ length: 20 }, (_, i) => activation(`t${i}`, 1000));
    const launches = chain.map((tensor, i) => fakeLaunch(i === 0 ? [] : [chain[i - 1]!], [tensor]));
    const plan = planMemory(launches);
    expect(examine(plan)).toBe(1);
    expect(plan.bankBytes).toEqual([4096, 4096]);
  });

  it("keeps a chain of mixed sizes within the slack", () => {
    const source = seededNumbers(3);
    const chain = Array.from({ length: 60 }, (_, i) => activation(`t${i}`, 64 + source.integer(4000)));
    const launches = chain.map((tensor, i) => fakeLaunch(i === 0 ? [] : [chain[i - 1]!], [tensor]));
    expect(examine(planMemory(launches))).toBeLessThanOrEqual(SLACK);
  });

  it.each(Array.from({ length: 30 }, (_, i) => i + 1))(
    "keeps the rules on random graph %i, within the slack",
    (seed) => {
      expect(examine(planMemory(randomGraph(seed, 60)))).toBeLessThanOrEqual(SLACK);
    },
  );

  it.each([false, true])(
    "keeps the rules on a transformer's training step, checkpointed: %s",
    (checkpointed) => {
      expect(examine(compile(transformerStep(checkpointed)))).toBeLessThanOrEqual(SLACK);
    },
  );

  it("needs less for a checkpointed step", () => {
    const bytes = (checkpointed: boolean): number =>
      compile(transformerStep(checkpointed)).bankBytes.reduce((sum, bank) => sum + bank, 0);
    expect(bytes(true)).toBeLessThan(0.6 * bytes(false));
  });

  it("places what a launch reads and what it writes in different banks", () => {
    const [a, b] = [activation("a", 64), activation("b", 64)];
    const plan = planMemory([fakeLaunch([], [a]), fakeLaunch([], [b]), fakeLaunch([a], [b])]);
    examine(plan);
    expect(plan.placements.get(a)!.bank).not.toBe(plan.placements.get(b)!.bank);
  });

  it("counts a view as a use of the tensor it looks into", () => {
    const [whole, other, last] = [activation("whole", 256), activation("other", 256), activation("last", 64)];
    const part = view(whole, "part", 512, [64]);
    const plan = planMemory([
      fakeLaunch([], [whole]),
      fakeLaunch([], [other]),
      fakeLaunch([part, other], [last]),
    ]);
    examine(plan);
    expect(plan.placements.has(part)).toBe(false);
  });

  it("lists residents and places none of them", () => {
    const [weight, out] = [resident("w", [64]), activation("y", 64)];
    const plan = planMemory([fakeLaunch([weight], [out])]);
    expect(plan.residents).toEqual([weight]);
    expect([...plan.placements.keys()]).toEqual([out]);
  });

  it("throws for a tensor that is read before it is written", () => {
    const [a, b] = [activation("a", 64), activation("b", 64)];
    expect(() => planMemory([fakeLaunch([a], [b])])).toThrow(
      /tensor a: .* reads it before any launch wrote it/,
    );
  });

  it("throws for a launch that reads and writes one tensor through two bindings", () => {
    const a = activation("a", 64);
    expect(() => planMemory([fakeLaunch([], [a]), fakeLaunch([a], [a])])).toThrow(/reads and writes a/);
    const state = resident("state", [128]);
    const [low, high] = [view(state, "low", 0, [64]), view(state, "high", 256, [64])];
    expect(() => planMemory([fakeLaunch([low], [high])])).toThrow(/reads and writes state/);
  });

  it("throws for a tensor larger than a binding", () => {
    const large = activation("large", 2 ** 25 + 1);
    expect(() => planMemory([fakeLaunch([], [large])])).toThrow(/tensor large: got 134217732 bytes/);
  });

  it("opens another bank before one outgrows a buffer", () => {
    const tensors = Array.from({ length: 5 }, (_, i) => activation(`t${i}`, 2 ** 25));
    const plan = planMemory([
      ...tensors.map((t) => fakeLaunch([], [t])),
      fakeLaunch(tensors, [activation("y", 64)]),
    ]);
    examine(plan);
    expect(Math.max(...plan.bankBytes)).toBeLessThanOrEqual(2 ** 28);
    expect(plan.bankBytes.length).toBeGreaterThanOrEqual(3);
  });

  it("shares banks between plans at the larger size of each", () => {
    const plan = (sizes: readonly number[]): MemoryPlan => ({
      launches: [],
      placements: new Map(),
      bankBytes: sizes,
      residents: [],
    });
    expect(sharedBankBytes([plan([512, 1024]), plan([1024, 256, 256])])).toEqual([1024, 1024, 256]);
    expect(sharedBankBytes([])).toEqual([]);
  });
});

/** Three layers with LoRA on two of their projections, and the loss. */
function transformerStep(checkpointed: boolean): ReturnType<typeof newTape> {
  const [hidden, heads, kvHeads, size, wide, vocabulary, rank] = [64, 4, 2, 16, 192, 500, 8] as const;
  const [rows, labels] = [value("rows", 256), value("labels", 200)];
  const layers = 3;
  const { list } = layOutParameters(
    Array.from({ length: layers }, (_, i) => [
      { name: `a${i}`, rows: rank, cols: hidden },
      { name: `b${i}`, rows: heads * size, cols: rank },
      { name: `c${i}`, rows: rank, cols: wide },
      { name: `d${i}`, rows: hidden, cols: rank },
    ]).flat(),
  );
  const frozen = (name: string, outs: number, inner: number) =>
    f32Weight(resident(name, [outs, inner]), outs, inner);
  const tape = newTape();
  const segments = resident("segments", [rows, 2]);
  let x: Tensor = resident("x", [rows, hidden]);
  for (let layer = 0; layer < layers; layer++) {
    const [a, b, c, d] = list.slice(4 * layer, 4 * layer + 4);
    const norm = { tensor: resident("norm", [hidden]) };
    const block = (input: Tensor): Tensor => {
      const normed = rmsNorm(tape, input, norm, 1e-5);
      const project = (name: string, count: number) => {
        const lora = name === "q" ? { lora: { a: a!, b: b!, scale: 2 } } : {};
        const weight = frozen(name, count * size, hidden);
        return linear(tape, normed, { name, weight, outputShape: [count, size], ...lora });
      };
      const mixed = attention(
        tape,
        project("q", heads),
        project("k", kvHeads),
        project("v", kvHeads),
        segments,
      );
      const middle = add(
        tape,
        input,
        linear(tape, mixed, { name: "o", weight: frozen("o", hidden, hidden) }),
      );
      const second = rmsNorm(tape, middle, norm, 1e-5);
      const gate = linear(tape, second, { name: "gate", weight: frozen("gate", wide, hidden) });
      const up = linear(tape, second, { name: "up", weight: frozen("up", wide, hidden) });
      const down = { name: "down", weight: frozen("down", hidden, wide), lora: { a: c!, b: d!, scale: 2 } };
      return add(tape, middle, linear(tape, gatedMlp(tape, gate, up), down));
    };
    x = checkpointed ? tape.checkpoint(x, block) : block(x);
  }
  const inputs = {
    labelRows: resident("label rows", [labels]),
    labelSlots: resident("slots", [rows]),
    targets: resident("targets", [labels]),
    scale: value("scale", 1),
    reset: value("reset", 1),
    report: declareReport(),
  };
  tape.backward(
    linearCrossEntropy(tape, x, { weight: frozen("head", vocabulary, hidden) }, inputs, {
      tokens: 64,
      vocabulary: 256,
    }),
  );
  return tape;
}
