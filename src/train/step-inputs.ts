// The token buffers of a step: resident tensors sized for the largest micro-batch, filled before each run.

import { NO_TARGET, type Batch } from "../core/batch";
import { assert } from "../core/errors";
import type { Memory } from "../program/memory";
import { largestOf, resident, value, type Tensor, type Values } from "../program/tensor";

/** Largest micro-batch of a run. */
export interface StepCapacity {
  readonly tokens: number;
  /** Supervised tokens. */
  readonly labels: number;
}

export class StepInputs {
  readonly tokens: Tensor; // (N)
  readonly positions: Tensor; // (N)
  readonly segments: Tensor; // (N,2)
  readonly labelSlots: Tensor; // (N)
  readonly labelRows: Tensor; // (M)
  readonly targets: Tensor; // (M)
  private readonly hostSegments: Uint32Array;
  private readonly hostSlots: Uint32Array;
  private readonly hostRows: Uint32Array;
  private readonly hostTargets: Uint32Array;

  constructor(capacity: StepCapacity) {
    const tokens = value("tokens", capacity.tokens);
    const labels = value("labels", Math.max(1, capacity.labels));
    this.tokens = resident("tokens", [tokens]);
    this.positions = resident("positions", [tokens]);
    this.segments = resident("segments", [tokens, 2]);
    this.labelSlots = resident("label slots", [tokens]);
    this.labelRows = resident("label rows", [labels]);
    this.targets = resident("targets", [labels]);
    this.hostSegments = new Uint32Array(capacity.tokens * 2);
    this.hostSlots = new Uint32Array(capacity.tokens);
    this.hostRows = new Uint32Array(labels.largest);
    this.hostTargets = new Uint32Array(labels.largest);
  }

  get tensors(): Tensor[] {
    return [this.tokens, this.positions, this.segments, this.labelSlots, this.labelRows, this.targets];
  }

  get lossTensors(): { labelSlots: Tensor; labelRows: Tensor; targets: Tensor } {
    return { labelSlots: this.labelSlots, labelRows: this.labelRows, targets: this.targets };
  }

  /** Writes a micro-batch and returns the counts that the program runs with. */
  write(memory: Memory, batch: Batch): Values {
    const count = batch.tokens.length;
    const capacity = largestOf(this.tokens.shape[0]!);
    assert(count <= capacity, `micro-batch: got ${count} tokens, planned for ${capacity}`);
    let labels = 0;
    for (let i = 0; i < count; i++) {
      this.hostSegments[2 * i] = batch.segmentStart[i]!;
      this.hostSegments[2 * i + 1] = batch.segmentEnd[i]!;
      const target = batch.targets[i]!;
      this.hostSlots[i] = target === NO_TARGET ? NO_TARGET : labels;
      if (target === NO_TARGET) continue;
      this.hostRows[labels] = i;
      this.hostTargets[labels] = target;
      labels++;
    }
    memory.write(this.tokens, batch.tokens);
    memory.write(this.positions, batch.positions);
    memory.write(this.segments, this.hostSegments.subarray(0, 2 * count));
    memory.write(this.labelSlots, this.hostSlots.subarray(0, count));
    memory.write(this.labelRows, this.hostRows.subarray(0, labels));
    memory.write(this.targets, this.hostTargets.subarray(0, labels));
    return { tokens: count, labels };
  }
}
