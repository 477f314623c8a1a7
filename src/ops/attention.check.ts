// Attention on the GPU, in training and over a cache, against its float64 reference.

import { tunings } from "../program/tuning";
import { tolerance, type Check } from "../testing/check";
import { documentsOf } from "../testing/numbers";
import { floats, newTrial, type Trial } from "../testing/op-check";
import { attention, cachedAttention } from "./attention";
import { attention as reference, attentionBackward } from "./attention.ref";

interface Case {
  readonly heads: number; // H
  readonly kvHeads: number; // G
  readonly headSize: number; // D
  /** Tokens of each document. No border need be a multiple of a tile. */
  readonly lengths: readonly number[];
  /** Factor of the queries: 1 gives scores of size 1. */
  readonly queryScale?: number;
  readonly adapter?: keyof typeof tunings;
  /** Keys that a query sees. */
  readonly window?: number;
  /** Bound of the scores. */
  readonly cap?: number;
}

const cases: readonly Case[] = [
  { heads: 1, kvHeads: 1, headSize: 4, lengths: [1] },
  { heads: 3, kvHeads: 1, headSize: 8, lengths: [7] },
  { heads: 4, kvHeads: 2, headSize: 8, lengths: [5, 1, 17, 42] },
  { heads: 6, kvHeads: 2, headSize: 20, lengths: [3, 62, 65] },
  { heads: 9, kvHeads: 3, headSize: 64, lengths: [33, 32] },
  { heads: 2, kvHeads: 2, headSize: 64, lengths: [130] },
  { heads: 2, kvHeads: 1, headSize: 132, lengths: [4, 9] },
  // Scores of some hundreds: exp of one of them alone would overflow.
  { heads: 4, kvHeads: 2, headSize: 8, lengths: [5, 1, 17, 42], queryScale: 100 },
  // Each size of tile that a GPU is given, at the ends of the head sizes that it is for.
  { heads: 6, kvHeads: 2, headSize: 20, lengths: [3, 62, 65], adapter: "gpu" },
  { heads: 4, kvHeads: 1, headSize: 80, lengths: [9, 22], adapter: "gpu" },
  { heads: 2, kvHeads: 1, headSize: 128, lengths: [21], adapter: "gpu" },
  { heads: 2, kvHeads: 1, headSize: 256, lengths: [4, 9], adapter: "gpu" },
  // Windows shorter and longer than a tile and than the documents, and of one key.
  { heads: 4, kvHeads: 2, headSize: 8, lengths: [5, 1, 17, 42], window: 3 },
  { heads: 3, kvHeads: 1, headSize: 8, lengths: [70], window: 21, adapter: "gpu" },
  { heads: 2, kvHeads: 2, headSize: 16, lengths: [9, 33], window: 1 },
  { heads: 2, kvHeads: 1, headSize: 20, lengths: [3, 40], window: 40, adapter: "gpu" },
  // A cap near the scores bends them; scores far beyond it have no gradient left.
  { heads: 4, kvHeads: 2, headSize: 8, lengths: [5, 1, 17, 42], cap: 2 },
  { heads: 4, kvHeads: 2, headSize: 8, lengths: [5, 1, 17, 42], cap: 50, window: 16, adapter: "gpu" },
  { heads: 2, kvHeads: 1, headSize: 8, lengths: [19], cap: 3, queryScale: 10 },
];

function record(attended: Case): Trial {
  const { heads, kvHeads, headSize, lengths, queryScale = 1, adapter = "software", window, cap } = attended;
  const { segmentStart, segmentEnd } = documentsOf(lengths);
  const tokens = segmentStart.length;
  const [queries, keys] = [tokens * heads * headSize, tokens * kvHeads * headSize];
  const host = { q: floats(1, queries, queryScale), k: floats(2, keys), v: floats(3, keys) };
  const dO = floats(4, queries);
  const trial = newTrial(tokens, { tuning: tunings[adapter] });
  const q = trial.watched("q", [trial.rows, heads, headSize], host.q);
  const k = trial.watched("k", [trial.rows, kvHeads, headSize], host.k);
  const v = trial.watched("v", [trial.rows, kvHeads, headSize], host.v);
  const bounds = Uint32Array.from(
    { length: 2 * tokens },
    (_, i) => (i % 2 ? segmentEnd : segmentStart)[i >> 1]!,
  );
  const segments = trial.input("segments", [trial.rows, 2], bounds);
  const o = attention(trial.tape, q, k, v, segments, { window, cap });

  const scale = 1 / Math.sqrt(headSize);
  const shape = { queryHeads: heads, keyHeads: kvHeads, headSize, scale, segmentStart, window, cap };
  const inputs = { ...shape, ...host };
  // A score is a sum over D whose rounding grows with its size, and exp turns it into a relative error of p; outputs
  // sum over the keys, dk and dv over the queries of every head of the group as well.
  const largestScore = Math.max(1, 4 * queryScale); // four standard deviations
  const limit = (terms: number): number => largestScore * tolerance(headSize + terms);
  const longest = Math.max(...lengths);
  // With one key, or one that takes all the weight, dP − δ cancels to 0 in dq and dk: what is left is the rounding
  // of terms of the size that dP·k·scale has, which is 1, or queryScale in dk.
  const floor = (elements: number, size: number): number => size * Math.sqrt(elements);
  trial.expect("o", o, reference(inputs).o, { limit: limit(longest) });
  trial.backward(o, dO);
  const want = attentionBackward({ ...inputs, dO });
  const groupTerms = (longest * heads) / kvHeads;
  trial.expect("dq", trial.tape.gradient(q), want.dq, { limit: limit(longest), floor: floor(queries, 1) });
  trial.expect("dk", trial.tape.gradient(k), want.dk, {
    limit: limit(groupTerms),
    floor: floor(keys, queryScale),
  });
  trial.expect("dv", trial.tape.gradient(v), want.dv, { limit: limit(groupTerms) });
  return trial;
}

const inTraining: readonly Check[] = cases.map((attended) => {
  const { heads, kvHeads, headSize, lengths, queryScale, adapter, window, cap } = attended;
  const band = window ? ` within a window of ${window}` : "";
  const bound = cap ? ` and scores capped at ${cap}` : "";
  const size = queryScale ? ` and scores ${queryScale} times as large` : "";
  const tuned = adapter ? `, tuned for a ${adapter}` : "";
  return {
    name: `attention of ${heads} heads over ${kvHeads} of ${headSize}, documents of ${lengths.join(", ")} tokens${size}${band}${bound}${tuned}, agrees forward and backward`,
    run: (gpu) => record(attended).run(gpu),
  };
});

const inPieces: Check = {
  name: "attention cut into pieces is that of one launch, bit for bit",
  run: (gpu) => record({ heads: 6, kvHeads: 2, headSize: 20, lengths: [3, 62, 65] }).runSplit(gpu, 3e5),
};

/** (new queries, past, heads, kv heads, head size, capacity, window and cap) */
const cached = [
  [1, 0, 1, 1, 4, 8],
  [1, 70, 9, 3, 64, 80],
  [5, 31, 4, 1, 80, 36],
  [3, 5, 6, 2, 20, 128],
  [2, 33, 2, 1, 256, 64],
  [3, 60, 4, 2, 8, 64, { window: 35 }],
  [4, 2, 4, 2, 8, 64, { window: 3 }],
  [2, 33, 2, 1, 8, 40, { window: 40, cap: 2 }],
] as const;

const overCache: readonly Check[] = cached.map(
  ([tokens, past, heads, kvHeads, headSize, capacity, bent = {}]) => ({
    name: `attention of ${tokens} new queries over ${past} cached keys, ${heads} heads over ${kvHeads} of ${headSize}${describe(bent)}, agrees`,
    run(gpu) {
      const q = floats(1, tokens * heads * headSize);
      const filled = (past + tokens) * kvHeads * headSize;
      const [k, v] = [floats(2, filled), floats(3, filled)];
      const trial = newTrial(tokens);
      // Only the filled part has contents: the rest stays poison, and one read of it makes every sum NaN.
      const o = cachedAttention(
        trial.tape,
        trial.input("q", [trial.rows, heads, headSize], q),
        trial.input("k", [capacity, kvHeads, headSize], k),
        trial.input("v", [capacity, kvHeads, headSize], v),
        trial.value("past", past, capacity),
        bent,
      );
      const want = reference({
        queryHeads: heads,
        keyHeads: kvHeads,
        headSize,
        scale: 1 / Math.sqrt(headSize),
        q,
        k,
        v,
        segmentStart: new Uint32Array(tokens),
        past,
        ...bent,
      }).o;
      trial.expect("o", o, want, { limit: 4 * tolerance(headSize + past + tokens) });
      return trial.run(gpu);
    },
  }),
);

function describe(bent: { readonly window?: number; readonly cap?: number }): string {
  return Object.entries(bent)
    .map(([name, value]) => `, ${name} ${value}`)
    .join("");
}

export const attentionChecks: readonly Check[] = [...inTraining, inPieces, ...overCache];
