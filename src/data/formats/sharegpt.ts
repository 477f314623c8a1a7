// ShareGPT and Vicuna rows: {"conversations": [{"from": "human", "value"}, {"from": "gpt", "value"}, …]}, with
// LLaMA-Factory's sibling `system` and its roles `observation` and `function_call`.

import { type DatasetFormat, optionalText } from "./dataset-format";
import { checkTurns, isTurnList, readTurns, refuseBadAnswers, withSystem } from "./turns";

export const sharegpt: DatasetFormat = {
  shape: 'ShareGPT: {"conversations": [{"from": "human", "value": "…"}, {"from": "gpt", "value": "…"}]}',
  fields: ["conversations", "conversation", "system"],
  recognises: (row) => isTurnList(row["conversations"]) || isTurnList(row["conversation"]),
  read: (row) => {
    refuseBadAnswers(row);
    const field =
      "conversations" in row ? "conversations" : "conversation" in row ? "conversation" : "conversations";
    const messages = withSystem(optionalText(row, "system"), readTurns(row[field], field), "system");
    checkTurns(messages, field);
    return { kind: "conversation", messages };
  },
};
