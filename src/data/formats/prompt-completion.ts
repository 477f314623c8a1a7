// Rows of a prompt and its answer under one of several pairs of names, e.g. {"prompt", "completion"}. Each side is text
// or a list of turns (TRL's conversational form).

import type { Message, Role } from "../../core/message";
import { type DatasetFormat, FieldError, optionalText, requiredText, type Row } from "./dataset-format";
import { checkTurns, readTurns, refuseBadAnswers, withSystem } from "./turns";

/** In order of preference when a row holds several pairs. */
const pairs = [
  ["prompt", "completion"],
  ["prompt", "response"],
  ["prompt", "answer"],
  ["prompt", "output"],
  ["question", "answer"],
  ["question", "response"],
  ["query", "response"],
  ["query", "answer"],
  ["input", "output"],
  ["input", "response"],
  ["user", "assistant"],
] as const;

export const promptCompletion: DatasetFormat = {
  shape: 'prompt and completion: {"prompt": "…", "completion": "…"} (also question/answer, input/output)',
  fields: [...new Set(pairs.flat()), "system", "system_prompt"],
  recognises: (row) => pairs.some(([prompt, answer]) => prompt in row && answer in row),
  read: (row) => {
    refuseBadAnswers(row);
    const [prompt, answer] = pairs.find((names) => names.every((name) => name in row)) ?? closestPair(row);
    const systemField = "system" in row ? "system" : "system_prompt";
    const before = readSide(row, prompt, "user");
    const turns = withSystem(
      optionalText(row, systemField),
      [...before, ...readSide(row, answer, "assistant")],
      systemField,
    );
    if (Array.isArray(row[prompt]) || Array.isArray(row[answer])) checkTurns(turns, `${prompt}+${answer}`);
    return { kind: "conversation", messages: turns };
  },
};

function readSide(row: Row, field: string, role: Role): Message[] {
  if (Array.isArray(row[field])) return readTurns(row[field], field);
  const content = requiredText(row, field);
  if (content.trim() === "") {
    const advice =
      role === "user"
        ? 'a question was expected. For text without a question use {"text": "…"}'
        : "an answer was expected";
    throw new FieldError(field, `is empty; ${advice}`);
  }
  return [{ role, content }];
}

/** The pair of which the row has one half, so that the message names the missing other half. */
function closestPair(row: Row): readonly [string, string] {
  return pairs.find(([prompt]) => prompt in row) ?? pairs.find(([, answer]) => answer in row) ?? pairs[0];
}
