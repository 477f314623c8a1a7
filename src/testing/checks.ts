// All kernel checks. A new op adds one line here and is tested in Node, Chromium and Firefox from then on.

import { adamwChecks } from "../ops/adamw.check";
import { attentionChecks } from "../ops/attention.check";
import { crossEntropyChecks } from "../ops/cross-entropy.check";
import { dropoutChecks } from "../ops/dropout.check";
import { elementwiseChecks } from "../ops/elementwise.check";
import { embeddingChecks } from "../ops/embedding.check";
import { gatedMlpChecks } from "../ops/gated-mlp.check";
import { gradientPassingChecks } from "../ops/gradient-passing.check";
import { layerNormChecks } from "../ops/layer-norm.check";
import { linearChecks } from "../ops/linear.check";
import { matmulChecks } from "../ops/matmul.check";
import { plainMlpChecks } from "../ops/plain-mlp.check";
import { rmsNormChecks } from "../ops/rms-norm.check";
import { ropeChecks } from "../ops/rope.check";
import { splitChecks } from "../ops/split.check";
import type { Check } from "./check";

export const checks: readonly Check[] = [
  ...elementwiseChecks,
  ...dropoutChecks,
  ...embeddingChecks,
  ...rmsNormChecks,
  ...layerNormChecks,
  ...ropeChecks,
  ...gatedMlpChecks,
  ...plainMlpChecks,
  ...splitChecks,
  ...matmulChecks,
  ...linearChecks,
  ...attentionChecks,
  ...crossEntropyChecks,
  ...adamwChecks,
  ...gradientPassingChecks,
];
