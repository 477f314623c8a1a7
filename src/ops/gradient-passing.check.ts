// How gradients travel between ops when tensors are shared: residual branches, in series and in parallel, and blocks
// that are recorded again (gradient checkpointing). The ops themselves are checked beside their kernels.

import type { Parameter } from "../program/parameters";
import type { Tape } from "../program/tape";
import type { Tensor } from "../program/tensor";
import { compare, tolerance, type Check, type Measured } from "../testing/check";
import { hostWeight } from "../testing/host-weight";
import { floats, newTrial, sum, type Trial } from "../testing/op-check";
import { dropoutMask } from "./dropout.ref";
import { add } from "./elementwise";
import { linear } from "./linear";
import { linear as linearReference, linearBackward } from "./linear.ref";
import { rmsNorm } from "./rms-norm";
import { rmsNorm as normReference, rmsNormBackward } from "./rms-norm.ref";

const tokens = 33;
const hidden = 20;
const epsilon = 1e-5;
const norm = { tokens, hidden, epsilon };
const size = tokens * hidden;
const [hostX, hostDy] = [floats(1, size), floats(2, size)];
const weights = [floats(3, hidden), floats(4, hidden)] as const;
const before = [floats(5, hidden), floats(6, hidden)] as const;
/** The longest chain sums over C four times: two norms, forwards and backwards. */
const limit = tolerance(4 * hidden);

interface Scene {
  readonly trial: Trial;
  readonly x: Tensor;
  readonly parameters: readonly Parameter[];
}

function newScene(): Scene {
  const trial = newTrial(tokens);
  const x = trial.watched("x", [trial.rows, hidden], hostX);
  const parameters = trial.parameters(
    weights.map((value, i) => ({ name: `w${i}`, rows: 1, cols: hidden, value, gradient: before[i]! })),
  );
  return { trial, x, parameters };
}

const normed = (tape: Tape, x: Tensor, parameter: Parameter): Tensor =>
  rmsNorm(tape, x, { tensor: parameter.value, parameter }, epsilon);

/** Two blocks y = x + norm(x), one behind the other. */
function series({ trial, x, parameters }: Scene, checkpointed: boolean): Tensor {
  return parameters.reduce((input, parameter) => {
    const block = (inner: Tensor): Tensor => add(trial.tape, inner, normed(trial.tape, inner, parameter));
    return checkpointed ? trial.tape.checkpoint(input, block) : block(input);
  }, x);
}

/** Values and gradients of `series`. */
function seriesReference(): { y: Float64Array; dx: Float64Array; dw: readonly Float64Array[] } {
  const inner = { ...norm, x: hostX, weight: weights[0] };
  const middle = sum(hostX, normReference(inner).y);
  const outer = { ...norm, x: middle, weight: weights[1] };
  const y = sum(middle, normReference(outer).y);
  const outerBack = rmsNormBackward({ ...outer, dy: hostDy });
  const dMiddle = sum(hostDy, outerBack.dx);
  const innerBack = rmsNormBackward({ ...inner, dy: dMiddle });
  return { y, dx: sum(dMiddle, innerBack.dx), dw: [innerBack.dWeight, outerBack.dWeight] };
}

function expectGradients(scene: Scene, y: Tensor, want: ReturnType<typeof seriesReference>): void {
  const { trial, x, parameters } = scene;
  trial.expect("y", y, want.y, { limit });
  trial.backward(y, hostDy);
  trial.expect("dx", trial.tape.gradient(x), want.dx, { limit });
  parameters.forEach((parameter, i) => {
    trial.expect(`dw${i}`, parameter.gradient, sum(want.dw[i]!, before[i]!), {
      limit: limit + tolerance(tokens),
    });
  });
}

const residuals: Check = {
  name: "gradients of two residual blocks in series agree",
  run(gpu) {
    const scene = newScene();
    expectGradients(scene, series(scene, false), seriesReference());
    return scene.trial.run(gpu);
  },
};

const checkpoints: Check = {
  name: "gradients of checkpointed blocks agree and are those of plain blocks, bit for bit",
  async run(gpu) {
    const measured: Measured[] = [];
    const gradients: Float32Array[][] = [];
    for (const checkpointed of [false, true]) {
      const scene = newScene();
      expectGradients(scene, series(scene, checkpointed), seriesReference());
      const kept: Float32Array[] = [];
      const tensors = [scene.trial.tape.gradient(scene.x), ...scene.parameters.map((p) => p.gradient)];
      tensors.forEach((tensor, i) => {
        const keep = (got: Float32Array): ArrayLike<number> => ((kept[i] = got), []);
        scene.trial.expect(`gradient ${i}`, tensor, [], { limit: 0, select: keep });
      });
      measured.push(...(await scene.trial.run(gpu)));
      gradients.push(kept);
    }
    const [plain, recorded] = gradients as [Float32Array[], Float32Array[]];
    plain.forEach((want, i) => measured.push(compare(`checkpointed gradient ${i}`, recorded[i]!, want, 0)));
    return measured;
  },
};

const parallel: Check = {
  name: "gradients of two branches beside one residual agree",
  run(gpu) {
    const scene = newScene();
    const { trial, x, parameters } = scene;
    const branches = parameters.map((parameter) => normed(trial.tape, x, parameter));
    const y = add(trial.tape, add(trial.tape, x, branches[0]!), branches[1]!);
    const parts = weights.map((weight) => {
      const inputs = { ...norm, x: hostX, weight };
      return { y: normReference(inputs).y, ...rmsNormBackward({ ...inputs, dy: hostDy }) };
    });
    expectGradients(scene, y, {
      y: sum(sum(hostX, parts[0]!.y), parts[1]!.y),
      dx: sum(sum(hostDy, parts[0]!.dx), parts[1]!.dx),
      dw: parts.map((part) => part.dWeight),
    });
    return trial.run(gpu);
  },
};

const branchFirst: Check = {
  name: "gradients agree when the branch is the left summand and reads its gradient after the right has it",
  run(gpu) {
    const scene = newScene();
    const { trial, x, parameters } = scene;
    const inner = add(trial.tape, normed(trial.tape, x, parameters[0]!), x);
    const y = add(trial.tape, normed(trial.tape, inner, parameters[1]!), inner);
    expectGradients(scene, y, seriesReference());
    return trial.run(gpu);
  },
};

const twice: Check = {
  name: "the gradient of x + x is twice that of the sum",
  run(gpu) {
    const { trial, x, parameters } = newScene();
    const doubled = add(trial.tape, x, x);
    const y = add(trial.tape, doubled, normed(trial.tape, doubled, parameters[0]!));
    const inputs = { ...norm, x: hostX.map((v) => 2 * v), weight: weights[0] };
    trial.backward(y, hostDy);
    const want = sum(hostDy, rmsNormBackward({ ...inputs, dy: hostDy }).dx).map((v) => 2 * v);
    trial.expect("dx", trial.tape.gradient(x), want, { limit });
    return trial.run(gpu);
  },
};

/** Query, key and value of one input: frozen, with an adapter, with an adapter behind dropout. */
const threeProjections: Check = {
  name: "gradients of three projections of one input add up, adapters and dropout included",
  run(gpu) {
    const rank = 4;
    const scale = 0.5;
    const dropout = { rate: 0.4, seed: 7, stream: 1 };
    const { mask } = dropoutMask({ probability: dropout.rate, ...dropout, rows: tokens, columns: hidden });
    const trial = newTrial(tokens);
    const x = trial.watched("x", [trial.rows, hidden], hostX);
    const adapters = [1, 2].map((nth) => ({
      rank,
      scale,
      a: floats(20 + nth, rank * hidden, 1 / Math.sqrt(hidden)),
      b: floats(30 + nth, hidden * rank, 1 / Math.sqrt(rank)),
      ...(nth === 2 && { mask }),
    }));
    const parameters = trial.parameters(
      adapters.flatMap(({ a, b }, nth) => [
        { name: `A${nth}`, rows: rank, cols: hidden, value: a },
        { name: `B${nth}`, rows: hidden, cols: rank, value: b },
      ]),
    );
    const branches = adapters.map(({ mask }, nth) => ({
      a: parameters[2 * nth]!,
      b: parameters[2 * nth + 1]!,
      scale,
      ...(mask && { dropout }),
    }));
    const hosts = [7, 8, 9].map((seed) => hostWeight(`w${seed}`, "f32", [hidden, hidden], { seed }));
    const [q, k, v] = hosts.map((host, i) =>
      linear(trial.tape, x, {
        name: `y${i}`,
        weight: trial.weight(host),
        ...(i > 0 && { lora: branches[i - 1]! }),
      }),
    );
    const y = add(trial.tape, add(trial.tape, q!, k!), v!);
    const parts = hosts.map((host, i) => {
      const shape = { tokens, inFeatures: hidden, outFeatures: hidden, x: hostX, weight: host.values };
      const layer = { ...shape, lora: adapters[i - 1] };
      return { y: linearReference(layer).y, ...linearBackward({ ...layer, dy: hostDy }) };
    });
    trial.expect("y", y, parts.map((part) => part.y).reduce(sum), { limit });
    trial.backward(y, hostDy);
    trial.expect("dx", trial.tape.gradient(x), parts.map((part) => part.dx).reduce(sum), { limit });
    const adapterLimit = limit + tolerance(tokens);
    branches.forEach(({ a, b }, i) => {
      trial.expect(`dA${i}`, a.gradient, parts[i + 1]!.dA, { limit: adapterLimit });
      trial.expect(`dB${i}`, b.gradient, parts[i + 1]!.dB, { limit: adapterLimit });
    });
    return trial.run(gpu);
  },
};

export const gradientPassingChecks: readonly Check[] = [
  residuals,
  parallel,
  branchFirst,
  twice,
  threeProjections,
  checkpoints,
];
