// Alpaca rows: {"instruction", "input"?, "output"}, with LLaMA-Factory's `system` and `history` ([[user, assistant],
// …]) and Dolly's names `context` and `response`. Instruction and input become one user turn, a line break between
// them (LLaMA-Factory's habit), so that the model's own chat template applies.

import type { Message } from "../../core/message";
import {
  type DatasetFormat,
  FieldError,
  kindOf,
  optionalText,
  requiredText,
  type Row,
} from "./dataset-format";
import { refuseBadAnswers, withSystem } from "./turns";

export const alpaca: DatasetFormat = {
  shape: 'Alpaca: {"instruction": "…", "input": "…", "output": "…"}',
  fields: ["instruction", "input", "output", "context", "response", "system", "history"],
  recognises: (row) => "instruction" in row && ("output" in row || "response" in row),
  read: (row) => {
    refuseBadAnswers(row);
    const instruction = requiredText(row, "instruction");
    const input = optionalText(row, "input" in row ? "input" : "context");
    const answerField = "output" in row || !("response" in row) ? "output" : "response";
    const answer = requiredText(row, answerField);
    const question = [instruction, input].filter((part) => part.trim() !== "").join("\n");
    if (question === "") throw new FieldError("instruction", "is empty; text was expected");
    if (answer.trim() === "") throw new FieldError(answerField, "is empty; an answer was expected");
    const turns: Message[] = [
      ...readHistory(row),
      { role: "user", content: question },
      { role: "assistant", content: answer },
    ];
    return { kind: "conversation", messages: withSystem(optionalText(row, "system"), turns, "system") };
  },
};

function readHistory(row: Row): Message[] {
  const history = row["history"];
  if (history === undefined || history === null) return [];
  if (!Array.isArray(history))
    throw new FieldError("history", `is ${kindOf(history)}; a list of [user, assistant] pairs was expected`);
  return history.flatMap((pair: unknown, index): Message[] => {
    if (
      !Array.isArray(pair) ||
      pair.length !== 2 ||
      !pair.every((text) => typeof text === "string" && text.trim() !== "")
    ) {
      throw new FieldError(`history[${index}]`, "must be a pair of two texts, [user, assistant]");
    }
    return [
      { role: "user", content: pair[0] as string },
      { role: "assistant", content: pair[1] as string },
    ];
  });
}
