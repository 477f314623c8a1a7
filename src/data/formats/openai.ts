// OpenAI chat rows: {"messages": [{"role", "content"}, …]}. Also TRL's and mlx-lm's conversational form.

import { type DatasetFormat, optionalText } from "./dataset-format";
import { checkTurns, isTurnList, readTurns, refuseBadAnswers, withSystem } from "./turns";

export const openai: DatasetFormat = {
  shape:
    'OpenAI messages: {"messages": [{"role": "user", "content": "…"}, {"role": "assistant", "content": "…"}]}',
  fields: ["messages", "system"],
  recognises: (row) => isTurnList(row["messages"]),
  read: (row) => {
    refuseBadAnswers(row);
    const messages = withSystem(
      optionalText(row, "system"),
      readTurns(row["messages"], "messages"),
      "system",
    );
    checkTurns(messages, "messages");
    return { kind: "conversation", messages };
  },
};
