// The registry of dataset formats. A row belongs to the first one that recognises it, so the order matters: Alpaca's
// own dataset carries a `text` column as well, and its `input` and `output` would pass for a prompt and its answer.

import { alpaca } from "./alpaca";
import type { DatasetFormat } from "./dataset-format";
import { openai } from "./openai";
import { promptCompletion } from "./prompt-completion";
import { sharegpt } from "./sharegpt";
import { text } from "./text";

export const formats = {
  openai,
  sharegpt,
  alpaca,
  "prompt-completion": promptCompletion,
  text,
} satisfies Record<string, DatasetFormat>;

export type FormatName = keyof typeof formats;

export const formatNames = Object.keys(formats) as FormatName[];
