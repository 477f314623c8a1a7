// What a run of the benchmark says, as JSON.

import type { AdapterReport } from "../src/gpu/device";
import type { MatmulEntry } from "../src/ops/matmul";
import type { Tuning } from "../src/program/tuning";
import type { CeilingForm } from "./ceiling";
import type { MatmulResult } from "./matmul";
import type { GenerationResult, StepResult } from "./step";

export interface PeerResult {
  readonly peer: string;
  readonly entry: MatmulEntry;
  readonly peerMilliseconds: number;
  /** Of our fastest variant, timed in the same rounds. */
  readonly milliseconds: number;
  readonly variant: string;
  /** Its time over ours. */
  readonly ratio: number;
  /** The same of processor times; of use on software adapters alone. */
  readonly processorRatio: number;
}

export interface Report {
  readonly date: string;
  readonly node: string;
  readonly adapter: AdapterReport;
  /** The adapter computes on the processor: processor time is then the kernels' own time. */
  readonly software: boolean;
  readonly processors: number;
  readonly tuning: Tuning;
  readonly autotuneMilliseconds: number;
  readonly ceiling?: CeilingForm & { readonly forms: readonly CeilingForm[] };
  readonly matmul: readonly MatmulResult[];
  readonly peers: readonly PeerResult[];
  /** Why there are no peers, when there should be some. */
  readonly peersProblem?: string;
  readonly steps: readonly StepResult[];
  readonly generation: readonly GenerationResult[];
}
