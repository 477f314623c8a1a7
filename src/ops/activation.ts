// The activations that an MLP may have, and the shader text that they share.

import activation from "../../shaders/activation.wgsl?raw";
import tanh from "../../shaders/tanh.wgsl?raw";

/** "gelu-tanh" is gelu_pytorch_tanh and gelu_new of transformers, "gelu" the exact one. */
export type Activation = "silu" | "gelu-tanh" | "gelu";

/** Snippets (file name → text) to be appended to a shader that calls `activation`. */
export const activationSnippets = { "activation.wgsl": activation, "tanh.wgsl": tanh };

/** Constants of activation.wgsl. */
export function activationConstants(kind: Activation): { readonly ACTIVATION: number } {
  return { ACTIVATION: { silu: 0, "gelu-tanh": 1, gelu: 2 }[kind] };
}
