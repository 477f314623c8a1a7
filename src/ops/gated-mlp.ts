// The gate of a gated MLP, silu(gate)·up, with its backward rule.

import shader from "../../shaders/gated-mlp.wgsl?raw";
import { kernel } from "../gpu/kernel";
import type { Tape } from "../program/tape";
import { rowLength, times, type Tensor } from "../program/tensor";
import { foldedGrid } from "./launch-grid";

const sources = { "gated-mlp.wgsl": shader };
const WORKGROUP_SIZE = 64;

/** y (N,F) = silu(gate)·up. gate and up have no other consumer. */
export function gatedMlp(tape: Tape, gate: Tensor, up: Tensor): Tensor {
  const quads = times(gate.shape[0]!, rowLength(gate) / 4);
  const grid = foldedGrid(quads, WORKGROUP_SIZE);
  const y = tape.tensor(`silu(${gate.name})·${up.name}`, gate.shape);
  tape.launch(kernel(sources, "forward"), { gate, up, y }, { quads }, grid);
  tape.rule([gate, up], [y], [], (gradients) => {
    const dy = gradients.of(y);
    // One launch makes both gradients; where only one is needed the other is planned and left unread.
    const dgate = tape.tensor(`d ${gate.name}`, gate.shape);
    const dup = tape.tensor(`d ${up.name}`, up.shape);
    tape.launch(kernel(sources, "backward"), { gate, up, dy, dgate, dup }, { quads }, grid);
    gradients.pass(gate, dgate);
    gradients.pass(up, dup);
  });
  return y;
}
