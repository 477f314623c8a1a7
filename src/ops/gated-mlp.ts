// The gate of a gated MLP, act(gate)·up, with its backward rule.

import shader from "../../shaders/gated-mlp.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { rowLength, times, type Tensor } from "../program/tensor";
import { activationConstants, activationSnippets, type Activation } from "./activation";
import { foldedGrid } from "./launch-grid";

const sources = { "gated-mlp.wgsl": shader, ...activationSnippets };
const WORKGROUP_SIZE = 64;

/** y (N,F) = act(gate)·up. gate and up have no other consumer. */
export function gatedMlp(tape: Tape, gate: Tensor, up: Tensor, kind: Activation = "silu"): Tensor {
  const constants = activationConstants(kind);
  const quads = times(gate.shape[0]!, rowLength(gate) / 4);
  const grid = foldedGrid(quads, WORKGROUP_SIZE);
  const y = tape.tensor(`${kind}(${gate.name})·${up.name}`, gate.shape);
  tape.launch(kernel(sources, "forward", constants), { gate, up, y }, { quads }, grid);
  tape.rule([gate, up], [y], [], (gradients) => {
    const dy = gradients.of(y);
    // One launch makes both gradients; where only one is needed the other is planned and left unread.
    const dgate = tape.tensor(`d ${gate.name}`, gate.shape);
    const dup = tape.tensor(`d ${up.name}`, up.shape);
    tape.launch(kernel(sources, "backward", constants), { gate, up, dy, dgate, dup }, { quads }, grid);
    gradients.pass(gate, dgate);
    gradients.pass(up, dup);
  });
  return y;
}
