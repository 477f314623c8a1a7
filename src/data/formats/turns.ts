// A list of turns → messages. Both spellings are read wherever a list of turns stands: role/content (OpenAI) and
// from/value (ShareGPT), with the role names that datasets use.
//
// A conversation must be trainable as it stands: an optional system turn first, then user and assistant in turn, tool
// turns only between two assistant turns, an assistant turn last, no empty turn. Anything else makes the row a problem.
// FastChat silently drops a leading assistant turn and LLaMA-Factory odd last ones; here both are listed, because a
// dropped turn changes what the answers after it refer to, and the person can mend the row.

import { isObject, shownJson } from "../../core/json";
import type { Message, Role } from "../../core/message";
import { FieldError, kindOf, type Row } from "./dataset-format";

const roles: Readonly<Record<string, Role>> = {
  system: "system",
  developer: "system",
  user: "user",
  human: "user",
  prompter: "user",
  assistant: "assistant",
  gpt: "assistant",
  bot: "assistant",
  model: "assistant",
  chatgpt: "assistant",
  function_call: "assistant",
  tool: "tool",
  observation: "tool",
  function: "tool",
};

/** True for a list whose first turn has a role under one of the two spellings. */
export function isTurnList(value: unknown, spelling?: "role" | "from"): boolean {
  if (!Array.isArray(value) || !isObject(value[0])) return false;
  const first = value[0];
  return (spelling !== "from" && "role" in first) || (spelling !== "role" && "from" in first);
}

/** Reads turns without looking at their order. `path` names the list in messages. */
export function readTurns(list: unknown, path: string): Message[] {
  if (!Array.isArray(list)) throw new FieldError(path, `is ${kindOf(list)}; a list of turns was expected`);
  return list.map((turn, index) => readTurn(turn, `${path}[${index}]`));
}

/** Throws FieldError unless the messages form a conversation that can be trained (see the head of this file). */
export function checkTurns(messages: readonly Message[], path: string): void {
  const begin = messages[0]?.role === "system" ? 1 : 0;
  if (messages.length === begin)
    throw new FieldError(path, "has no turns; a user turn and an assistant turn were expected");
  for (let i = begin; i < messages.length; i++) {
    const { role, content } = messages[i]!;
    const before = i === begin ? undefined : messages[i - 1]!.role;
    const field = `${path}[${i}]`;
    const allowed: Role[] =
      before === undefined
        ? ["user"]
        : before === "user"
          ? ["assistant"]
          : before === "tool"
            ? ["tool", "assistant"]
            : ["user", "tool"];
    if (!allowed.includes(role)) {
      const place = before === undefined ? "the conversation begins with" : `after the ${before} turn comes`;
      throw new FieldError(
        field,
        `is unpaired: ${place} a turn of the ${role}; ${allowed.join(" or ")} was expected`,
      );
    }
    if (content.trim() === "")
      throw new FieldError(field, `is an empty turn of the ${role}; text was expected`);
  }
  const last = messages.at(-1)!.role;
  if (last !== "assistant") {
    throw new FieldError(
      `${path}[${messages.length - 1}]`,
      `is unpaired: the conversation ends with a turn of the ${last}; an assistant turn was expected last`,
    );
  }
}

function readTurn(turn: unknown, path: string): Message {
  if (!isObject(turn))
    throw new FieldError(
      path,
      `is ${kindOf(turn)}; a turn such as {"role": "user", "content": "…"} was expected`,
    );
  const roleField = "role" in turn ? "role" : "from" in turn ? "from" : undefined;
  if (!roleField) throw new FieldError(`${path}.role`, 'is missing; "user" or "assistant" was expected');
  const role = readRole(turn[roleField], `${path}.${roleField}`);
  if (Array.isArray(turn["tool_calls"]) && turn["tool_calls"].length > 0) {
    throw new FieldError(
      `${path}.tool_calls`,
      "can't be trained on yet; write the call as text into the turn's content",
    );
  }
  for (const field of ["weight", "loss_weight"]) {
    if (role === "assistant" && turn[field] === 0) {
      throw new FieldError(
        `${path}.${field}`,
        "excludes this answer from training, which is not supported yet; remove the turn or the weight",
      );
    }
  }
  const contentField =
    "content" in turn ? "content" : "value" in turn ? "value" : roleField === "from" ? "value" : "content";
  return { role, content: readContent(turn[contentField], `${path}.${contentField}`) };
}

function readRole(value: unknown, path: string): Role {
  if (typeof value !== "string")
    throw new FieldError(path, `is ${kindOf(value)}; "user" or "assistant" was expected`);
  const name = value.trim().toLowerCase();
  if (!Object.hasOwn(roles, name)) {
    throw new FieldError(
      path,
      `is ${JSON.stringify(value.slice(0, 40))}; one of ${Object.keys(roles).join(", ")} was expected`,
    );
  }
  return roles[name]!;
}

/** Text, or a list of text parts ({type: "text", text} of OpenAI, {type: "text", value} of LLaMA-Factory). */
function readContent(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) throw new FieldError(path, `is ${kindOf(value)}; text was expected`);
  return value
    .map((part: unknown, index) => {
      if (typeof part === "string") return part;
      const text = isObject(part) && part["type"] === "text" ? (part["text"] ?? part["value"]) : undefined;
      if (typeof text === "string") return text;
      const kind = isObject(part) ? `a part of type ${shownJson(part["type"])}` : kindOf(part);
      throw new FieldError(`${path}[${index}]`, `is ${kind}; only text parts can be trained on`);
    })
    .join("");
}

/** The turns with the row's `system` text put in front, where it has one and the turns don't begin with one. */
export function withSystem(system: string, turns: readonly Message[], field: string): Message[] {
  if (system === "") return [...turns];
  if (turns[0]?.role === "system")
    throw new FieldError(field, "is given, but the conversation begins with a system turn already");
  return [{ role: "system", content: system }, ...turns];
}

/** Rows of KTO datasets mark bad answers; those must not be imitated. */
export function refuseBadAnswers(row: Row): void {
  for (const field of ["label", "kto_tag"]) {
    if (row[field] === false)
      throw new FieldError(
        field,
        "is false, which marks a bad answer; only good answers can be trained on. Remove the row, or the field if it means something else",
      );
  }
}
