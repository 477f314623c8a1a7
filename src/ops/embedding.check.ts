// Embedding on the GPU against its float64 reference. At most a power of two is multiplied, so the numbers must be equal.

import type { Check } from "../testing/check";
import { hostWeight } from "../testing/host-weight";
import { newTrial } from "../testing/op-check";
import { seededIntegers } from "../testing/numbers";
import { embedding } from "./embedding";
import { embedding as reference } from "./embedding.ref";
import type { WeightFormat } from "./weight";

/** (format, tokens, vocabulary, hidden, rows a part): whole, split with a short last part, split evenly. */
const cases: readonly (readonly [WeightFormat, number, number, number, number])[] = [
  ["f32", 1, 7, 4, 7],
  ["f32", 65, 300, 20, 128],
  ["bf16", 65, 300, 20, 128],
  ["f16", 65, 256, 132, 128],
  ["bf16", 33, 130, 576, 130],
  ["f32", 65_537, 300, 4, 128],
];

const scaled: Check = {
  name: "embedding of 7 tokens scaled by 8 agrees",
  run(gpu) {
    const host = hostWeight("table", "bf16", [30, 20], { seed: 1 });
    const ids = seededIntegers(2, 7, 30);
    const trial = newTrial(7);
    const y = embedding(trial.tape, trial.input("tokens", [trial.rows], ids), trial.weight(host), 8);
    const want = reference({ vocabulary: 30, hidden: 20, ids, weight: host.values }).y;
    trial.expect(
      "y",
      y,
      want.map((value) => 8 * value),
      { limit: 0 },
    );
    return trial.run(gpu);
  },
};

const copied: readonly Check[] = cases.map(([format, tokens, vocabulary, hidden, partRows]) => ({
  name: `embedding of ${tokens} tokens from ${vocabulary}×${hidden} in ${format}, ${partRows} rows a part, copies the right rows`,
  run(gpu) {
    const bindingBytes = partRows * hidden * (format === "f32" ? 4 : 2);
    const host = hostWeight("table", format, [vocabulary, hidden], { seed: 1, bindingBytes });
    const ids = seededIntegers(2, tokens, vocabulary);
    // The first and last row, and both sides of the border between two parts.
    ids.set([0, vocabulary - 1, partRows - 1, partRows % vocabulary].slice(0, tokens));

    const trial = newTrial(tokens);
    const y = embedding(trial.tape, trial.input("tokens", [trial.rows], ids), trial.weight(host));
    trial.expect("y", y, reference({ vocabulary, hidden, ids, weight: host.values }).y, { limit: 0 });
    return trial.run(gpu);
  },
}));

export const embeddingChecks: readonly Check[] = [...copied, scaled];
