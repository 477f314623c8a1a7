// RMSNorm on the GPU against its float64 reference.

import { layOutParameters } from "../program/parameters";
import { resident, value } from "../program/tensor";
import { compare, runTape, tolerance, type Check } from "../testing/check";
import { normalNumbers, roundedTo } from "../testing/numbers";
import { copy, newTape } from "./elementwise";
import { rmsNorm } from "./rms-norm";
import { rmsNorm as reference, rmsNormBackward } from "./rms-norm.ref";

const eps = 1e-5;
/** (tokens, hidden): one row, odd rows, a width of one quad, a real model's, more rows than one grid axis holds. */
const shapes = [
  [1, 64],
  [7, 4],
  [65, 132],
  [33, 576],
  [65_537, 4],
] as const;

export const rmsNormChecks: readonly Check[] = shapes.map(([tokens, cols]) => ({
  name: `rms-norm of ${tokens}×${cols} agrees forward, for its input and for its weight`,
  async run(gpu) {
    const rows = value("rows", tokens + 3);
    const x = resident("x", [rows, cols]);
    const dy = resident("dy", [rows, cols]);
    const y = resident("y", [rows, cols]);
    const dx = resident("dx", [rows, cols]);
    const parameters = layOutParameters([{ name: "w", rows: 1, cols }]);
    const parameter = parameters.list[0]!;

    const tape = newTape();
    tape.watch(x);
    const out = rmsNorm(tape, x, { tensor: parameter.value, parameter }, eps);
    copy(tape, out, y);
    tape.backward(out, dy);
    copy(tape, tape.gradient(x), dx);

    const numbers = (seed: number, length: number) => roundedTo("f32", normalNumbers(seed, length));
    const host = { x: numbers(1, tokens * cols), weight: numbers(2, cols), dy: numbers(3, tokens * cols) };
    const accumulated = numbers(4, cols);
    const [gotY, gotDx, gotDw] = await runTape(gpu, tape, {
      values: { rows: tokens },
      inputs: new Map([
        [x, host.x],
        [dy, host.dy],
        [parameter.value, host.weight],
        [parameter.gradient, accumulated],
      ]),
      outputs: [y, dx, parameter.gradient],
    });
    const shape = { tokens, hidden: cols, epsilon: eps };
    const want = reference({ ...shape, ...host });
    const wantBack = rmsNormBackward({ ...shape, ...host });
    return [
      compare("y", gotY!, want.y, tolerance(cols)),
      compare("dx", gotDx!, wantBack.dx, tolerance(cols)),
      compare(
        "dw",
        gotDw!,
        wantBack.dWeight.map((v, i) => v + accumulated[i]!),
        tolerance(tokens),
      ),
    ];
  },
}));
