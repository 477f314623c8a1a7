// The command `parity:templates`: chat templates against transformers' apply_chat_template, on conversations of one and
// several turns, with and without a system prompt. Needs Python with `transformers` (reference/).

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Message } from "../../core/message";
import { compileChatTemplate, findChatTemplate, renderChat } from "../../data/chat-template";
import { referenceCommand } from "../reference-command";

const usage = `parity:templates FILE|FOLDER …: compare chat templates with apply_chat_template
  FILE  *.jinja, tokenizer_config*.json, chat_template.json, or *.jsonl with a "chat_template" a line\n`;

const [bos, eos] = ["<s>", "</s>"];

const say = (role: Message["role"], content: string): Message => ({ role, content });
const [hello, answer] = [say("user", "Hello!"), say("assistant", "Hi. What can I do?")];
const [awkward, thought] = [
  say("user", ` a <b> & "c" 'd'\n\n\tПривет 👩‍👩‍👧 {{ x }} {% raw %} `),
  say("assistant", "<think>\nhm\n</think>\n\nIt is **4**.\n"),
];
const system = say("system", "You are terse.\nAnswer in French. ");
const conversations: readonly (readonly Message[])[] = [
  [hello],
  [hello, answer],
  [hello, answer, awkward],
  [hello, answer, awkward, thought],
  [awkward, thought, hello, answer, awkward, answer],
  [say("user", ""), say("assistant", "")],
].flatMap((turns) => [turns, [system, ...turns], [say("system", ""), ...turns]]);

const { places, python } = referenceCommand(usage);

const found = places.flatMap(filesIn).flatMap(templatesIn);
const expected = rendered(
  python,
  found.map(({ source }) => source),
);
let equal = 0;
found.forEach((template, i) => {
  const difference = firstDifference(template, expected[i]!);
  process.stdout.write(difference ? `FAIL  ${template.name}: ${difference}\n` : `ok    ${template.name}\n`);
  equal += difference ? 0 : 1;
});
process.stdout.write(
  `${equal} of ${found.length} templates agree, in ${2 * conversations.length} texts each\n`,
);
process.exit(equal < found.length ? 1 : 0);

interface Found {
  readonly name: string;
  readonly source: string;
}

function filesIn(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { recursive: true })
    .map((name) => join(place, String(name)))
    .filter((name) => /\.jinja$|tokenizer_config[^/]*\.json$|chat_template\.json$/.test(name))
    .sort();
}

function templatesIn(file: string): Found[] {
  const text = readFileSync(file, "utf8");
  if (file.endsWith(".jinja")) return [{ name: file, source: text }];
  if (file.endsWith(".jsonl")) {
    return text
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { model: string; chat_template: string })
      .map(({ model, chat_template }) => ({ name: `${file} ${model}`, source: chat_template }));
  }
  const template = findChatTemplate({ tokenizerConfig: text });
  return template ? [{ name: file, source: template.source }] : [];
}

function attempt<T>(work: () => T): T | Error {
  try {
    return work();
  } catch (error) {
    return error as Error;
  }
}

/** By template, conversation, and without and with a generation prompt; null where it was refused. */
function rendered(command: string, templates: readonly string[]): (string | null)[][][] {
  const request = { templates, bos, eos, today: "2024-07-26", conversations };
  const reply = spawnSync(command, ["reference/tokenizers/render.py"], {
    input: JSON.stringify(request),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (reply.status !== 0) throw new Error(reply.stderr);
  return JSON.parse(reply.stdout) as (string | null)[][][];
}

function firstDifference({ name, source }: Found, texts: (string | null)[][]): string | undefined {
  const template = attempt(() => compileChatTemplate(source, name));
  if (template instanceof Error) return template.message;
  for (const [i, conversation] of conversations.entries()) {
    for (const addGenerationPrompt of [false, true]) {
      const wanted = texts[i]![Number(addGenerationPrompt)]!;
      const got = attempt(() => renderChat(template, conversation, { addGenerationPrompt, bos, eos }));
      if (got instanceof Error ? wanted === null : got === wanted) continue;
      const told = got instanceof Error ? got.message : JSON.stringify(got);
      return `conversation ${i}${addGenerationPrompt ? " with a generation prompt" : ""} gives ${told}, not ${JSON.stringify(wanted)}`;
    }
  }
  return undefined;
}
