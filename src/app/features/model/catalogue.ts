// Models that are small enough for a tab and of a family that Tabtune knows. Parameters and sizes are those of the
// repositories' safetensors files, rounded; what a download takes to the byte is told before it starts.

export interface CatalogueEntry {
  readonly repository: string;
  /** In millions. */
  readonly parameters: number;
  /** Megabytes. */
  readonly download: number;
  /** Tokens. */
  readonly context: number;
  readonly licence: string;
  /** One has to ask for access at the Hub and give a token here. */
  readonly isGated?: boolean;
  readonly goodFor: string;
}

export const catalogue: readonly CatalogueEntry[] = [
  {
    repository: "HuggingFaceTB/SmolLM2-135M-Instruct",
    parameters: 135,
    download: 269,
    context: 8192,
    licence: "Apache-2.0",
    goodFor: "First real runs: short answers in English, styles and formats.",
  },
  {
    repository: "google/gemma-3-270m-it",
    parameters: 268,
    download: 536,
    context: 32_768,
    licence: "Gemma terms",
    isGated: true,
    goodFor: "Made to be fine-tuned for one narrow task; knows many languages.",
  },
  {
    repository: "HuggingFaceTB/SmolLM2-360M-Instruct",
    parameters: 362,
    download: 724,
    context: 8192,
    licence: "Apache-2.0",
    goodFor: "As its small sister, with more knowledge.",
  },
  {
    repository: "Qwen/Qwen2.5-0.5B-Instruct",
    parameters: 494,
    download: 988,
    context: 32_768,
    licence: "Apache-2.0",
    goodFor: "Several languages, code, structured answers.",
  },
  {
    repository: "Qwen/Qwen3-0.6B",
    parameters: 596,
    download: 1503,
    context: 40_960,
    licence: "Apache-2.0",
    goodFor: "Reasons in steps; many languages.",
  },
  {
    repository: "meta-llama/Llama-3.2-1B-Instruct",
    parameters: 1236,
    download: 2472,
    context: 131_072,
    licence: "Llama 3.2 licence",
    isGated: true,
    goodFor: "Conversation; for graphics cards with memory to spare.",
  },
  {
    repository: "EleutherAI/pythia-160m",
    parameters: 162,
    download: 375,
    context: 2048,
    licence: "Apache-2.0",
    goodFor: "Research: a plain base model, trained in the open.",
  },
  {
    repository: "openai-community/gpt2",
    parameters: 124,
    download: 548,
    context: 1024,
    licence: "MIT",
    goodFor: "Teaching: the model that most courses take apart.",
  },
];
