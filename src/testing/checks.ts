// All kernel checks. A new op adds one line here and is tested in Node, Chromium and Firefox from then on.

import { adamwChecks } from "../ops/adamw.check";
import { attentionChecks } from "../ops/attention.check";
import { crossEntropyChecks } from "../ops/cross-entropy.check";
import { dropoutChecks } from "../ops/dropout.check";
import { elementwiseChecks } from "../ops/elementwise.check";
import { embeddingChecks } from "../ops/embedding.check";
import { gatedMlpChecks } from "../ops/gated-mlp.check";
import { gradientPassingChecks } from "../ops/gradient-passing.check";
import { linearChecks } from "../ops/linear.check";
import { matmulChecks } from "../ops/matmul.check";
import { rmsNormChecks } from "../ops/rms-norm.check";
import { ropeChecks } from "../ops/rope.check";
import type { Check } from "./check";

export const checks: readonly Check[] = [
  ...elementwiseChecks,
  ...dropoutChecks,
  ...embeddingChecks,
  ...rmsNormChecks,
  ...ropeChecks,
  ...gatedMlpChecks,
  ...matmulChecks,
  ...linearChecks,
  ...attentionChecks,
  ...crossEntropyChecks,
  ...adamwChecks,
  ...gradientPassingChecks,
];
