// Splitting fused projections on the GPU. Nothing is computed, so the numbers must be equal.

import type { Check } from "../testing/check";
import { floats, newTrial } from "../testing/op-check";
import { blocks, byHead, split, type Part } from "./split";

/** Query, key and value in blocks (GPT-2, Phi-3), by head (GPT-NeoX); gate and up (Phi-3). */
const cases: readonly { readonly name: string; readonly tokens: number; readonly parts: readonly Part[] }[] =
  [
    {
      name: "in blocks of 4, 2 and 2 heads of 8",
      tokens: 7,
      parts: blocks([
        { name: "query", heads: 4, size: 8 },
        { name: "key", heads: 2, size: 8 },
        { name: "value", heads: 2, size: 8 },
      ]),
    },
    { name: "by head, 3 heads of 20", tokens: 65, parts: byHead(["query", "key", "value"], 3, 20) },
    {
      name: "into two halves of 132",
      tokens: 33,
      parts: blocks([
        { name: "gate", heads: 1, size: 132, shape: [132] },
        { name: "up", heads: 1, size: 132, shape: [132] },
      ]),
    },
    { name: "by head, many rows", tokens: 65_537, parts: byHead(["query", "key", "value"], 1, 4) },
  ];

export const splitChecks: readonly Check[] = cases.map(({ name, tokens, parts }) => ({
  name: `split of ${tokens} rows ${name} copies forward and joins backward`,
  run(gpu) {
    const width = parts.reduce((sum, { heads, size }) => sum + heads * size, 0);
    const x = floats(1, tokens * width);
    const trial = newTrial(tokens);
    const input = trial.watched("x", [trial.rows, width], x);
    const outputs = split(trial.tape, input, parts);
    /** Place in x of element d of head h of a part. */
    const placeOf = ({ first, pitch }: Part, n: number, h: number, d: number): number =>
      n * width + first + h * pitch + d;
    const elements = (part: Part): number[] =>
      Array.from({ length: tokens * part.heads * part.size }, (_, i) => {
        const d = i % part.size;
        const h = Math.floor(i / part.size) % part.heads;
        return placeOf(part, Math.floor(i / (part.size * part.heads)), h, d);
      });
    parts.forEach((part, i) => {
      const want = elements(part).map((place) => x[place]!);
      trial.expect(part.name, outputs[i]!, want, { limit: 0 });
    });
    const dx = new Float64Array(tokens * width);
    const gradients = parts.map((part, nth) => {
      const places = elements(part);
      const dy = floats(2 + nth, places.length);
      places.forEach((place, i) => (dx[place] = dy[i]!));
      return trial.input(`d ${part.name}`, outputs[nth]!.shape, dy);
    });
    // A root behind all parts that gives each its gradient.
    const root = trial.tape.tensor("root", [4]);
    trial.tape.rule(outputs, [root], [], (passing) => {
      outputs.forEach((output, i) => passing.pass(output, gradients[i]!));
    });
    trial.backward(root, [1, 1, 1, 1]);
    trial.expect("dx", trial.tape.gradient(input), dx, { limit: 0 });
    return trial.run(gpu);
  },
}));
