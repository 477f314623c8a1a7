// Opens a whole model folder: decoder headers, tokenizer and chat template. No weight is read yet.

import { findChatTemplate } from "../data/chat-template";
import { createChatFormat, type ChatFormat } from "../data/tokenize-example";
import { createTokenizer } from "../data/tokenizer";
import type { ModelSource } from "../hub/model-source";
import { openDecoder, type OpenedDecoder } from "./open-decoder";

export interface OpenedModel {
  readonly name: string;
  readonly decoder: OpenedDecoder;
  readonly chat: ChatFormat;
}

/** Throws `file-missing`, `bad-model-file` or `unsupported-model`. */
export async function openModel(source: ModelSource): Promise<OpenedModel> {
  const decoder = await openDecoder(source);
  return { name: source.name, decoder, chat: await openChat(source) };
}

/** Needs no weights. Throws as `openModel` does. */
export async function openChat(source: ModelSource): Promise<ChatFormat> {
  const optional = async (file: string): Promise<string | undefined> =>
    (await source.has(file)) ? source.text(file) : undefined;
  const tokenizerConfig = await optional("tokenizer_config.json");
  const tokenizer = createTokenizer({
    tokenizer: await source.text("tokenizer.json"),
    tokenizerConfig,
    specialTokensMap: await optional("special_tokens_map.json"),
    generationConfig: await optional("generation_config.json"),
    modelConfig: await source.text("config.json"),
  });
  const template = findChatTemplate({
    chatTemplateJinja: await optional("chat_template.jinja"),
    chatTemplateJson: await optional("chat_template.json"),
    tokenizerConfig,
  });
  return createChatFormat(tokenizer, template);
}
