// All kernel checks. A new op adds one line here and is tested in Node, Chromium and Firefox from then on.

import { embeddingChecks } from "../ops/embedding.check";
import { matmulChecks } from "../ops/matmul.check";
import { rmsNormChecks } from "../ops/rms-norm.check";
import type { Check } from "./check";

export const checks: readonly Check[] = [...rmsNormChecks, ...matmulChecks, ...embeddingChecks];
