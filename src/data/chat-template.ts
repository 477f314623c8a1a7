// Chat templates: the Jinja program that a model's makers wrote to turn a conversation into text. It comes from
// strangers, so its size, its steps and its output are capped. Knows nothing of tokens.

import { Environment, Template } from "@huggingface/jinja";
import { AppError } from "../core/errors";
import { parseJsonObject } from "../core/json";
import type { Message } from "../core/message";
import { LARGEST_VALUE, TemplateInterpreter } from "./template-interpreter";

export interface ChatTemplate {
  /** The Jinja text, for export beside the adapter. */
  readonly source: string;
  /** Where it came from, for messages. */
  readonly origin: string;
  readonly program: Template["parsed"];
}

/** The texts of a model folder's files that may hold a template. */
export interface ChatTemplateFiles {
  /** chat_template.jinja */
  readonly chatTemplateJinja?: string | undefined;
  /** chat_template.json */
  readonly chatTemplateJson?: string | undefined;
  /** tokenizer_config.json */
  readonly tokenizerConfig?: string | undefined;
}

export interface RenderOptions {
  /** Ends with the opening of an assistant turn, for the model to go on. */
  readonly addGenerationPrompt: boolean;
  /** Texts of the model's BOS and EOS tokens. */
  readonly bos: string;
  readonly eos: string;
}

const maximumSourceLength = 65_536;
const maximumRange = 100_000;
/**
 * The day that templates are told when they ask for today's (Llama 3 writes it into its system turn). A fixed one, the
 * default of Llama's own template: a run must not depend on the day on which it is started.
 */
const today = new Date(2024, 6, 26);

/** The model's template; undefined when it has none. Throws AppError("bad-model-file") for one that can't be read. */
export function findChatTemplate(files: ChatTemplateFiles): ChatTemplate | undefined {
  if (files.chatTemplateJinja !== undefined)
    return compileChatTemplate(files.chatTemplateJinja, "chat_template.jinja");
  for (const [text, name] of [
    [files.chatTemplateJson, "chat_template.json"],
    [files.tokenizerConfig, "tokenizer_config.json"],
  ] as const) {
    const source = text === undefined ? undefined : templateIn(text, name);
    if (source !== undefined) return compileChatTemplate(source, name);
  }
  return undefined;
}

/** Throws AppError("bad-model-file") when the text is no Jinja or too long. */
export function compileChatTemplate(source: string, origin: string): ChatTemplate {
  if (source.length > maximumSourceLength) {
    throw new AppError(
      "bad-model-file",
      `${origin}: the chat template has ${source.length} characters; at most ${maximumSourceLength} are read.`,
    );
  }
  try {
    return { source, origin, program: new Template(source).parsed };
  } catch (error) {
    throw new AppError(
      "bad-model-file",
      `${origin}: the chat template is no valid Jinja (${messageOf(error)}).`,
    );
  }
}

/** Throws AppError("bad-dataset-row") with the template's own words when it refuses the conversation. */
export function renderChat(
  template: ChatTemplate,
  messages: readonly Message[],
  options: RenderOptions,
): string {
  const length = messages.reduce((sum, { content }) => sum + content.length, 0);
  if (length > LARGEST_VALUE) {
    throw new AppError(
      "bad-dataset-row",
      `the conversation has ${length} characters; at most ${LARGEST_VALUE} are rendered`,
    );
  }
  try {
    const environment = createEnvironment();
    environment.set("messages", messages);
    environment.set("add_generation_prompt", options.addGenerationPrompt);
    environment.set("bos_token", options.bos);
    environment.set("eos_token", options.eos);
    environment.set("tools", null);
    return (new TemplateInterpreter(environment).run(template.program) as { value: string }).value;
  } catch (error) {
    throw new AppError(
      "bad-dataset-row",
      `the model's chat template refuses the conversation (${messageOf(error)})`,
    );
  }
}

/**
 * The names that every template may use. The library's own set can't be taken: it has no way to replace the clock, and its
 * `range` counts as far as it is told to.
 */
function createEnvironment(): Environment {
  const environment = new Environment();
  for (const [name, value] of Object.entries({ true: true, false: false, none: null })) {
    environment.set(name, value);
    environment.set(name[0]!.toUpperCase() + name.slice(1), value);
  }
  environment.set("range", range);
  environment.set("strftime_now", (format: string) => formatDate(today, format));
  environment.set("raise_exception", (message: string) => {
    throw new Error(message);
  });
  return environment;
}

function range(first: number, second?: number, step = 1): number[] {
  const [start, stop] = second === undefined ? [0, first] : [first, second];
  const count = Math.max(0, Math.ceil((stop - start) / step));
  if (!(count <= maximumRange))
    throw new Error(`range() of ${count} numbers; at most ${maximumRange} are counted`);
  return Array.from({ length: count }, (_, index) => start + index * step);
}

/** chat_template is a text, or a list of {name, template} of which "default" is meant for plain chat. */
function templateIn(json: string, name: string): string | undefined {
  const { chat_template: value } = parseJsonObject(json, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    const named = value.filter(
      (entry): entry is { name: string; template: string } =>
        typeof (entry as { name?: unknown } | null)?.name === "string" &&
        typeof (entry as { template?: unknown }).template === "string",
    );
    const chosen = named.find((entry) => entry.name === "default") ?? named[0];
    if (chosen) return chosen.template;
  }
  throw new AppError(
    "bad-model-file",
    `${name}: "chat_template" is neither a text nor a list of named texts.`,
  );
}

/** The few strftime codes that chat templates use; others are left as they stand. */
function formatDate(date: Date, format: string): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const name = (options: Intl.DateTimeFormatOptions): string =>
    new Intl.DateTimeFormat("en-US", options).format(date);
  const codes: Readonly<Record<string, () => string>> = {
    d: () => two(date.getDate()),
    m: () => two(date.getMonth() + 1),
    Y: () => String(date.getFullYear()),
    y: () => two(date.getFullYear() % 100),
    b: () => name({ month: "short" }),
    B: () => name({ month: "long" }),
    a: () => name({ weekday: "short" }),
    A: () => name({ weekday: "long" }),
    H: () => two(date.getHours()),
    M: () => two(date.getMinutes()),
    S: () => two(date.getSeconds()),
  };
  return format.replace(/%([a-zA-Z])/g, (whole, code: string) =>
    Object.hasOwn(codes, code) ? codes[code]!() : whole,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
