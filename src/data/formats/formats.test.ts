// The contract that every listed format keeps, and what each of them makes of its rows.
import { describe, expect, it } from "vitest";
import type { Message } from "../../core/message";
import { FieldError, type DatasetFormat, type Row } from "./dataset-format";
import { formatNames, formats, type FormatName } from "./index";

/** A good row of each format; the contract test fails for a format that has none here. */
const goodRows: Record<FormatName, Row> = {
  openai: {
    messages: [
      { role: "user", content: "q" },
      { role: "assistant", content: "a" },
    ],
  },
  sharegpt: {
    conversations: [
      { from: "human", value: "q" },
      { from: "gpt", value: "a" },
    ],
  },
  alpaca: { instruction: "q", input: "", output: "a" },
  "prompt-completion": { prompt: "q", completion: "a" },
  text: { text: "running text" },
};

const read = (name: FormatName, row: Row): readonly Message[] => {
  const example = formats[name].read(row);
  return example.kind === "conversation" ? example.messages : [];
};
const problem = (name: FormatName, row: Row): string => {
  try {
    formats[name].read(row);
  } catch (error) {
    if (error instanceof FieldError) return `${error.field}: ${error.message}`;
    throw error;
  }
  return "no problem";
};
const turns = (...pairs: [string, string][]): Row[] => pairs.map(([role, content]) => ({ role, content }));
const user: [string, string] = ["user", "q"];
const assistant: [string, string] = ["assistant", "a"];

describe.each(formatNames)("the format %s", (name) => {
  const format: DatasetFormat = formats[name];

  it("recognises its row before any other format does", () => {
    expect(formatNames.find((other) => formats[other].recognises(goodRows[name]))).toBe(name);
  });

  it("lists the fields that it reads", () => {
    expect(format.fields).toEqual(expect.arrayContaining(Object.keys(goodRows[name])));
  });

  it("names the field when a row lacks one, has one of the wrong kind, or an empty one", () => {
    for (const field of Object.keys(goodRows[name])) {
      if (name === "alpaca" && field === "input") continue;
      const { [field]: removed, ...rest } = goodRows[name];
      expect(removed).toBeDefined();
      expect(problem(name, rest)).toMatch(new RegExp(`^${field}: is missing; .* expected`));
      expect(problem(name, { ...goodRows[name], [field]: 7 })).toMatch(
        new RegExp(`^${field}: is a number; .* expected`),
      );
      expect(problem(name, { ...goodRows[name], [field]: null })).toMatch(
        new RegExp(`^${field}: is null; .* expected`),
      );
      expect(problem(name, { ...goodRows[name], [field]: Array.isArray(removed) ? [] : " \n" })).toMatch(
        new RegExp(`^${field}: (is empty|has no turns)`),
      );
    }
  });
});

describe("OpenAI messages", () => {
  it("keep system, tool and several turns in order", () => {
    const messages = turns(
      ["system", "s"],
      user,
      assistant,
      ["tool", "t"],
      ["tool", "t2"],
      ["assistant", "b"],
      user,
      assistant,
    );
    expect(read("openai", { messages })).toEqual(messages);
  });

  it("join the text parts of a turn", () => {
    const content = [
      { type: "text", text: "a" },
      { type: "text", value: "b" },
    ];
    expect(read("openai", { messages: [{ role: "user", content }, ...turns(assistant)] })[0]!.content).toBe(
      "ab",
    );
  });

  it("take the row's system text, and refuse two of them", () => {
    expect(read("openai", { system: "s", messages: turns(user, assistant) })[0]).toEqual({
      role: "system",
      content: "s",
    });
    expect(problem("openai", { system: "s", messages: turns(["system", "x"], user, assistant) })).toMatch(
      /^system: .*already/,
    );
  });

  const faults: [string, Row[], RegExp][] = [
    [
      "two user turns in a row",
      turns(user, user, assistant),
      /^messages\[1\]: is unpaired: after the user turn comes a turn of the user; assistant was expected/,
    ],
    ["two answers in a row", turns(user, assistant, assistant), /^messages\[2\]: is unpaired/],
    [
      "an answer first",
      turns(assistant, user, assistant),
      /^messages\[0\]: is unpaired: the conversation begins with/,
    ],
    [
      "an answer right after the system turn",
      turns(["system", "s"], assistant),
      /^messages\[1\]: is unpaired: .*user was expected/,
    ],
    [
      "a question last",
      turns(user, assistant, user),
      /^messages\[2\]: is unpaired: the conversation ends with/,
    ],
    ["a late system turn", turns(user, ["system", "s"], assistant), /^messages\[1\]: is unpaired/],
    ["a tool turn after a question", turns(user, ["tool", "t"], assistant), /^messages\[1\]: is unpaired/],
    ["nothing but a system turn", turns(["system", "s"]), /^messages: has no turns/],
    [
      "an empty answer",
      turns(user, ["assistant", "\n "]),
      /^messages\[1\]: is an empty turn of the assistant/,
    ],
    [
      "an unknown role",
      turns(["narrator", "x"], assistant),
      /^messages\[0\]\.role: is "narrator"; one of system/,
    ],
    ["a role named like a built-in", turns(["constructor", "x"]), /role: is "constructor"/],
    [
      "a turn without content",
      [{ role: "user" }, ...turns(assistant)],
      /^messages\[0\]\.content: is missing; text/,
    ],
    ["a turn that is text", ["hi" as unknown as Row], /^messages\[0\]: is text; a turn such as/],
    [
      "a picture",
      [{ role: "user", content: [{ type: "image_url" }] }, ...turns(assistant)],
      /^messages\[0\]\.content\[0\]: is a part of type "image_url"/,
    ],
    [
      "tool calls, which would be lost",
      [...turns(user), { role: "assistant", content: "", tool_calls: [{}] }],
      /^messages\[1\]\.tool_calls: /,
    ],
    [
      "an answer of weight 0",
      [...turns(user), { role: "assistant", content: "a", weight: 0 }],
      /^messages\[1\]\.weight: /,
    ],
  ];
  it.each(faults)("refuse %s", (_, messages, message) => {
    expect(problem("openai", { messages })).toMatch(message);
  });

  it("refuse answers that a KTO dataset marks as bad", () => {
    expect(problem("openai", { messages: turns(user, assistant), label: false })).toMatch(/^label: is false/);
    expect(problem("openai", { messages: turns(user, assistant), label: true })).toBe("no problem");
  });
});

describe("ShareGPT", () => {
  it("maps its role names, tool turns and system text", () => {
    const conversations = [
      { from: "human", value: "q" },
      { from: "function_call", value: "{}" },
      { from: "observation", value: "5" },
      { from: "gpt", value: "a" },
    ];
    expect(read("sharegpt", { conversations, system: "s" }).map(({ role }) => role)).toEqual([
      "system",
      "user",
      "assistant",
      "tool",
      "assistant",
    ]);
  });

  it("reads role and content as well, and the field name `conversation`", () => {
    expect(read("sharegpt", { conversation: turns(user, assistant) })).toEqual(turns(user, assistant));
  });
});

describe("Alpaca", () => {
  it("joins instruction and input by a line break and drops an empty input", () => {
    expect(read("alpaca", { instruction: "i", input: "x", output: "a" })[0]!.content).toBe("i\nx");
    expect(read("alpaca", { instruction: "i", input: " ", output: "a" })[0]!.content).toBe("i");
    expect(read("alpaca", { instruction: "i", output: "a" })).toEqual(turns(["user", "i"], assistant));
  });

  it("puts system and history in front", () => {
    const row = { system: "s", history: [["q1", "a1"]], instruction: "q", output: "a" };
    expect(read("alpaca", row)).toEqual(
      turns(["system", "s"], ["user", "q1"], ["assistant", "a1"], user, assistant),
    );
    expect(problem("alpaca", { ...row, history: [["q1"]] })).toMatch(/^history\[0\]: must be a pair/);
    expect(problem("alpaca", { ...row, history: "x" })).toMatch(/^history: is text/);
  });

  it("reads Dolly's names", () => {
    expect(read("alpaca", { instruction: "i", context: "c", response: "a" })).toEqual(
      turns(["user", "i\nc"], assistant),
    );
  });

  it("keeps white space inside and around texts as it is", () => {
    expect(read("alpaca", { instruction: " i ", output: " a\n" })).toEqual(
      turns(["user", " i "], ["assistant", " a\n"]),
    );
  });
});

describe("prompt and completion", () => {
  it.each([
    ["question", "answer"],
    ["input", "output"],
    ["prompt", "response"],
  ])("reads %s and %s", (prompt, answer) => {
    expect(read("prompt-completion", { [prompt]: "q", [answer]: "a", system_prompt: "s" })).toEqual(
      turns(["system", "s"], user, assistant),
    );
  });

  it("joins conversational sides and checks their order", () => {
    const prompt = turns(["system", "s"], user);
    expect(read("prompt-completion", { prompt, completion: turns(assistant) })).toEqual([
      ...prompt,
      ...turns(assistant),
    ]);
    expect(read("prompt-completion", { prompt, completion: "a" })).toEqual([...prompt, ...turns(assistant)]);
    expect(problem("prompt-completion", { prompt, completion: turns(user) })).toMatch(/unpaired/);
  });

  it("names the missing half of the pair that the row has", () => {
    expect(problem("prompt-completion", { question: "q" })).toMatch(/^answer: is missing/);
    expect(problem("prompt-completion", { completion: "a" })).toMatch(/^prompt: is missing/);
  });
});
