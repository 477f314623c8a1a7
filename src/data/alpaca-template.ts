// The template for models that bring none (base models): Alpaca's, in the form with a line break behind "### Response:"
// as alpaca-lora and Axolotl write it, so that the answer doesn't stick to the colon's token. A system turn takes the
// place of the opening sentence, a tool turn becomes an input, each answer ends with EOS.
// Wording: https://github.com/tatsu-lab/stanford_alpaca (a format that models were trained on, so kept to the letter).

import { compileChatTemplate } from "./chat-template";

export const alpacaTemplate = compileChatTemplate(
  [
    "{{ bos_token }}",
    "{%- if messages[0].role == 'system' %}{{ messages[0].content }}",
    "{%- else %}{{ 'Below is an instruction that describes a task. Write a response that appropriately completes the request.' }}",
    "{%- endif %}",
    "{%- for message in messages %}",
    "{%- if message.role == 'user' %}{{ '\\n\\n### Instruction:\\n' + message.content }}",
    "{%- elif message.role == 'tool' %}{{ '\\n\\n### Input:\\n' + message.content }}",
    "{%- elif message.role == 'assistant' %}{{ '\\n\\n### Response:\\n' + message.content + eos_token }}",
    "{%- endif %}",
    "{%- endfor %}",
    "{%- if add_generation_prompt %}{{ '\\n\\n### Response:\\n' }}{%- endif %}",
  ].join("\n"),
  "Alpaca template",
);
