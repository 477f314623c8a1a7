// What the worker tells the page, and the page the command that drives the browser. Plain data.

import type { AdapterReport } from "../../src/gpu/device";
import type { Measured } from "../../src/testing/check";

export type ParityMessage =
  | { readonly kind: "adapter"; readonly adapter: AdapterReport; readonly checks: number }
  | { readonly kind: "started"; readonly name: string }
  | {
      readonly kind: "finished";
      readonly name: string;
      readonly measured: readonly Measured[];
      /** Why the check stopped, where it threw. */
      readonly failure: string | undefined;
      readonly milliseconds: number;
    }
  /** All checks have run. */
  | { readonly kind: "done" }
  /** No check could run, or the worker itself failed. */
  | { readonly kind: "broken"; readonly reason: string };
