// README.md beside an adapter: what it is and how to load it, in the form that the Hub reads.

import type { PeftConfig } from "./peft-config";

export function adapterCard(config: PeftConfig, targetModules: readonly string[]): string {
  // Only a Hub name may stand in the header; a folder's path would make the upload fail.
  const isHubName = /^[\w.-]+\/[\w.-]+$/.test(config.baseModel);
  const base = config.baseModel === "" ? "the base model" : `\`${config.baseModel}\``;
  const header = [
    "---",
    ...(isHubName ? [`base_model: ${config.baseModel}`] : []),
    "library_name: peft",
    "pipeline_tag: text-generation",
    "tags:",
    "- lora",
    "- tabtune",
    "---",
  ];
  return `${header.join("\n")}

# LoRA adapter

Trained in a browser tab with Tabtune. It changes ${base} and is of no use without it.

| option | value |
|---|---|
| rank | ${config.rank} |
| alpha | ${config.alpha}${config.rsLora ? " (rsLoRA)" : ""} |
| dropout in training | ${config.dropout} |
| layers | ${targetModules.join(", ")} |

\`\`\`python
from peft import PeftModel
from transformers import AutoModelForCausalLM

base = AutoModelForCausalLM.from_pretrained(${JSON.stringify(config.baseModel === "" ? "…" : config.baseModel)})
model = PeftModel.from_pretrained(base, "path/to/this/folder")
\`\`\`
`;
}
