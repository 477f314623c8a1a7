// The activation of an MLP without a gate, with its backward rule.

import shader from "../../shaders/plain-mlp.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { rowLength, times, type Tensor } from "../program/tensor";
import { activationConstants, activationSnippets, type Activation } from "./activation";
import { foldedGrid } from "./launch-grid";

const sources = { "plain-mlp.wgsl": shader, ...activationSnippets };
const WORKGROUP_SIZE = 64;

/** y (N,F) = act(x). x has no other consumer. */
export function plainMlp(tape: Tape, x: Tensor, kind: Activation): Tensor {
  const constants = activationConstants(kind);
  const quads = times(x.shape[0]!, rowLength(x) / 4);
  const grid = foldedGrid(quads, WORKGROUP_SIZE);
  const y = tape.tensor(`${kind}(${x.name})`, x.shape);
  tape.launch(kernel(sources, "forward", constants), { x, y }, { quads }, grid);
  tape.rule([x], [y], [], (gradients) => {
    const dy = gradients.of(y);
    const dx = tape.tensor(`d ${x.name}`, x.shape);
    tape.launch(kernel(sources, "backward", constants), { x, dy, dx }, { quads }, grid);
    gradients.pass(x, dx);
  });
  return y;
}
