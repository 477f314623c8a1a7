// The state of a run after some optimiser steps. With the configuration and the data it decides everything that
// follows: training 10 steps equals training 5, restoring this and training 5 more.

export interface Checkpoint {
  /** Optimiser steps done. */
  readonly step: number;
  /** Flat parameter buffers in the layout of the run's configuration. */
  readonly values: Float32Array;
  readonly moment1: Float32Array;
  readonly moment2: Float32Array;
}
