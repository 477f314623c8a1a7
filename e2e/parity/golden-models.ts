// The whole-model part of the browser run: golden folders with logits, losses and gradients by transformers + peft. One
// is f32 with an untied head, one bf16 with a tied head, and two of other families have the other kernels between them:
// windows, caps and gates of gelu; LayerNorm, plain gelu and fused heads. The other folders run under Node.

import type { Check } from "../../src/testing/check";
import { caseParity } from "../../src/testing/parity/model-parity";
import { fetchedFolder } from "./fetched-folder";

export const goldenModelChecks: readonly Check[] = [
  "llama-grouped",
  "llama-tied-bf16",
  "gemma2-grouped",
  "gpt_neox-parallel",
].map((folder) => ({
  name: `${folder} agrees with transformers + peft`,
  async run(gpu) {
    const results = await caseParity(gpu, fetchedFolder(new URL(`/${folder}`, location.href).href));
    return results.map(({ check, measured, limit }) => ({ what: check, error: measured, limit }));
  },
}));
