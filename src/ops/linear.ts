// A linear layer, frozen, with an optional bias and an optional LoRA branch:
//   y = x·Wᵀ + b + s·(drop(x)·Aᵀ)·Bᵀ
//   dB += s·dyᵀ·h    dh = s·dy·B    dA += dhᵀ·drop(x)    dx = dy·W + drop(dh·A)         h = drop(x)·Aᵀ
// The rank is padded to a multiple of 4; the padding of A and B is zero and stays zero under AdamW.

import type { Parameter } from "../program/parameters";
import type { Tape } from "../program/tape";
import type { Tensor } from "../program/tensor";
import { dropoutInto, type Dropout } from "./dropout";
import { matmulBackwardInput, matmulBackwardWeight, matmulForward } from "./matmul";
import { f32Weight, type Weight } from "./weight";

export interface LoraBranch {
  readonly a: Parameter; // (R, K)
  readonly b: Parameter; // (O, R)
  /** alpha / rank, or alpha / √rank with rsLoRA. */
  readonly scale: number;
  readonly dropout?: Dropout;
}

export interface LinearLayer {
  readonly name: string;
  readonly weight: Weight; // (O, K)
  readonly bias?: Tensor; // (O) f32
  readonly lora?: LoraBranch;
  /** Axes of one output row, where it is more than a vector: [heads, D]. */
  readonly outputShape?: readonly number[];
}

/** y (N,O) for x (N,K), or (N, …outputShape). */
export function linear(tape: Tape, x: Tensor, layer: LinearLayer): Tensor {
  const { weight, lora } = layer;
  const y = tape.tensor(layer.name, [x.shape[0]!, ...(layer.outputShape ?? [weight.rows])]);
  matmulForward(tape, x, weight, y, layer.bias ? { bias: layer.bias } : {});
  if (!lora) {
    tape.rule([x], [y], [], (gradients) => {
      const dy = gradients.of(y);
      gradients.contribute(x, (dx, accumulate) => matmulBackwardInput(tape, dy, weight, dx, { accumulate }));
    });
    return y;
  }

  const { a, b, scale, dropout } = lora;
  const weightA = f32Weight(a.value, a.rows, a.cols);
  const weightB = f32Weight(b.value, b.rows, b.cols);
  const dropped = (): Tensor => {
    if (!dropout) return x;
    const masked = tape.tensor(`dropped input of ${layer.name}`, x.shape);
    dropoutInto(tape, x, dropout, masked);
    return masked;
  };
  const h = tape.tensor(`low rank of ${layer.name}`, [x.shape[0]!, a.rows]);
  matmulForward(tape, dropped(), weightA, h);
  matmulForward(tape, h, weightB, y, { scale, accumulate: 1 });
  tape.rule([x], [y], [a, b], (gradients) => {
    const dy = gradients.of(y);
    const dh = tape.tensor(`d low rank of ${layer.name}`, h.shape);
    matmulBackwardInput(tape, dy, weightB, dh, { scale });
    matmulBackwardWeight(tape, dy, h, b.gradient, { scale });
    matmulBackwardWeight(tape, dh, dropped(), a.gradient);
    gradients.contribute(x, (dx, accumulate) => {
      matmulBackwardInput(tape, dy, weight, dx, { accumulate });
      if (!dropout) {
        matmulBackwardInput(tape, dh, weightA, dx, { accumulate: 1 });
        return;
      }
      const masked = tape.tensor(`d dropped input of ${layer.name}`, x.shape);
      matmulBackwardInput(tape, dh, weightA, masked);
      dropoutInto(tape, masked, dropout, dx, 1);
    });
  });
  return y;
}
