// The loss: head projection and cross-entropy, fused over token chunks × vocabulary chunks. Rows without a label are
// gathered away first, full logits never exist, and where a gradient is wanted it is made chunk by chunk on the way.

import crossEntropy from "../../shaders/cross-entropy.wgsl?raw";
import reduce from "../../shaders/reduce.wgsl?raw";
import { kernel, type Kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { largestOf, resident, times, view, within, type Scalar, type Tensor } from "../program/tensor";
import { gatherRows, scatterRows } from "./gather";
import { projectLogits, type Head } from "./head";
import { foldedGrid } from "./launch-grid";
import { matmulBackwardInput, roundUp4 } from "./matmul";
import { wordsPerElement, type Weight, type WeightPart } from "./weight";

const WORKGROUP_SIZE = 64;

/** Numbers that a step reports, in a resident tensor of 8 f32. Losses are sums over the window's labelled tokens. */
export const reportFields = {
  lossSum: 0,
  correct: 1,
  labelled: 2,
  gradientNorm: 3,
  clip: 4,
  nonFinite: 5,
} as const;

export function declareReport(): Tensor {
  return resident("report", [8]);
}

export interface LossInputs {
  /** Token of each labelled row, ascending. */
  readonly labelRows: Tensor; // (M) u32
  /** Place of each token in labelRows, or NO_TARGET. */
  readonly labelSlots: Tensor; // (N) u32
  /** Id that each labelled row should predict. */
  readonly targets: Tensor; // (M) u32
  /** Factor of the loss's gradient: 1 / labelled tokens of the whole accumulation window. */
  readonly scale: Scalar;
  /** 1 clears the report first: the window's first micro-step. */
  readonly reset: Scalar;
  readonly report: Tensor; // (8) f32, see reportFields
}

export interface LossChunks {
  /** Labelled rows at once; a multiple of 64. */
  readonly tokens: number;
  /** Vocabulary ids at once; a multiple of 128. */
  readonly vocabulary: number;
}

/** Chunks of logits of at most 16 MiB. */
export const defaultLossChunks: LossChunks = { tokens: 128, vocabulary: 32_768 };

/** Adds Σ cross-entropy of x (N,C) under `head` to the report. Returns the root for `tape.backward`. */
export function linearCrossEntropy(
  tape: Tape,
  x: Tensor,
  head: Head,
  inputs: LossInputs,
  chunks: LossChunks = defaultLossChunks,
): Tensor {
  const { labelRows, labelSlots, targets, report, scale } = inputs;
  const labels = targets.shape[0]!;
  const { weight, cap = 0 } = head;
  const cols = weight.cols;
  const picked = gatherRows(tape, x, labelRows);

  const state = tape.tensor("softmax state", [labels, 4]);
  const wantsGradient = tape.needsGradient(x);
  const dPicked = wantsGradient ? tape.tensor("d labelled rows", picked.shape) : undefined;
  const parts = vocabularyChunks(weight, chunks.vocabulary);

  for (let firstRow = 0; firstRow < largestOf(labels); firstRow += chunks.tokens) {
    const rows = within(labels, firstRow, chunks.tokens);
    const rowBytes = firstRow * cols * 4;
    const xChunk = view(picked, "labelled chunk", rowBytes, [rows, cols]);
    const dims = (part: WeightPart, reset: 0 | 1) => ({
      rows,
      first_row: firstRow,
      outs: part.rows,
      first_out: part.firstRow,
      stride: roundUp4(part.rows),
      reset,
      scale,
      cap,
    });
    const project = (part: WeightPart): Tensor => {
      const logits = tape.tensor("logits chunk", [rows, roundUp4(part.rows)]);
      projectLogits(tape, xChunk, head, part, logits);
      return logits;
    };
    let logits: Tensor | undefined;
    parts.forEach((part, i) => {
      logits = project(part);
      tape.launch(
        lossKernel("fold", tape.tuning.rowLanes),
        { targets, logits, state },
        dims(part, i === 0 ? 1 : 0),
        foldedGrid(rows, 1),
      );
    });
    if (!dPicked) continue;
    const dxChunk = view(dPicked, "d labelled chunk", rowBytes, [rows, cols]);
    parts.forEach((part, i) => {
      const dlogits = parts.length === 1 ? logits! : project(part);
      const quads = times(rows, roundUp4(part.rows) / 4);
      const tensors = { targets, final_state: state, dlogits };
      tape.launch(lossKernel("gradient"), tensors, dims(part, 0), foldedGrid(quads, WORKGROUP_SIZE));
      matmulBackwardInput(tape, dlogits, weight, dxChunk, { part, accumulate: i === 0 ? 0 : 1 });
    });
  }
  const whole = {
    rows: labels,
    first_row: 0,
    outs: weight.rows,
    first_out: 0,
    stride: 0,
    reset: inputs.reset,
    scale,
    cap,
  };
  tape.launch(
    lossKernel("finish", tape.tuning.rowLanes),
    { targets, final_state: state, report },
    whole,
    [1, 1, 1],
  );

  const loss = tape.tensor("loss", [1]);
  tape.rule([x], [loss], [], (gradients) => {
    gradients.contribute(x, (dx, accumulate) => {
      if (accumulate !== 0) throw new Error("internal: the loss must be the only consumer of its input");
      scatterRows(tape, dPicked!, labelSlots, dx);
    });
  });
  return loss;
}

/** The head's rows in chunks that never cross one of its parts. */
function vocabularyChunks(head: Weight, size: number): WeightPart[] {
  return head.parts.flatMap((part) => {
    const chunks: WeightPart[] = [];
    for (let first = 0; first < part.rows; first += size) {
      const rows = Math.min(size, part.rows - first);
      const words = head.cols * wordsPerElement[head.format];
      const tensor = view(part.tensor, `${part.tensor.name} chunk ${first}`, first * words * 4, [
        rows,
        words,
      ]);
      chunks.push({ firstRow: part.firstRow + first, rows, tensor });
    }
    return chunks;
  });
}

function lossKernel(entry: "fold" | "gradient" | "finish", lanes = WORKGROUP_SIZE): Kernel {
  return kernel({ "cross-entropy.wgsl": crossEntropy, "reduce.wgsl": reduce }, entry, {
    WORKGROUP_SIZE: lanes,
  });
}
