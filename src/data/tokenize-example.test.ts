import { describe, expect, it } from "vitest";
import type { Message } from "../core/message";
import { compileChatTemplate } from "./chat-template";
import { readDataset } from "./read-dataset";
import { labelsOf, previewRuns, previewTokens } from "./token-preview";
import {
  createChatFormat,
  encodePrompt,
  tokenizeDataset,
  tokenizeExample,
  type ChatFormat,
} from "./tokenize-example";
import { createTokenizer } from "./tokenizer";
import { byteLevelJson, byteLevelTokenizer, sentencePieceTokenizer } from "./tokenizer.fixture";

const bytes = byteLevelTokenizer();
const pieces = sentencePieceTokenizer();
const options = { cutoffLength: 1000, trainOnPrompt: false };
const chat = (...contents: string[]): Message[] =>
  contents.map((content, i): Message => ({ role: i % 2 === 0 ? "user" : "assistant", content }));
const format = (source: string, tokenizer = bytes): ChatFormat =>
  createChatFormat(tokenizer, compileChatTemplate(source, "test template"));

const each = (
  assistant: string,
  user = "<|im_start|>user\n{{ m.content }}<|im_end|>\n",
  opening = "<|im_start|>assistant\n",
): string =>
  `{%- for m in messages %}{% if m.role == 'assistant' %}{{ ${assistant} }}{% else %}${user.replaceAll("\n", "{{ '\\n' }}")}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ '${opening.replaceAll("\n", "\\n")}' }}{% endif %}`;

const chatml = each("'<|im_start|>assistant\\n' + m.content + '<|im_end|>\\n'");
/** Like Qwen 3: the last turn gets an empty thinking block, earlier turns lose theirs. */
const thinking = each(
  "'<|im_start|>assistant\\n' + ('<think>\\n\\n</think>\\n\\n' if loop.last and '</think>' not in m.content else '') + (m.content if loop.last else m.content.split('</think>')[-1].strip()) + '<|im_end|>\\n'",
);
/** Like DeepSeek R1: the prompt opens a thinking block that finished turns don't have. */
const opened = each(
  "'<|im_start|>assistant\\n' + m.content.split('</think>')[-1] + '<|im_end|>\\n'",
  undefined,
  "<|im_start|>assistant\n<think>\n",
);
/** Like Llama 2 and Mistral: spaces around the answer, BOS before each question. */
const llama2 =
  "{% for m in messages %}{% if m.role == 'user' %}{{ bos_token + '[INST] ' + m.content + ' [/INST]' }}{% else %}{{ ' ' + m.content | trim + ' ' + eos_token }}{% endif %}{% endfor %}";
/** Like Phi 3: EOS behind the whole conversation as well. */
const phi =
  "{% for m in messages %}{{ '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% else %}{{ '<|endoftext|>' }}{% endif %}";
/** No control token anywhere. */
const bare =
  "{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}";

/** The trained runs of a conversation, in order. */
function trained(source: string, messages: Message[], tokenizer = bytes): string[] {
  const sequence = tokenizeExample({ kind: "conversation", messages }, format(source, tokenizer), options);
  return previewRuns(sequence, tokenizer)
    .filter((run) => run.trained)
    .map((run) => run.text);
}

describe("a conversation", () => {
  it("trains each answer with its end token and not the line break behind it", () => {
    expect(trained(chatml, chat("q", "hello a", "r", "b\n"))).toEqual(["hello a<|im_end|>", "b\n<|im_end|>"]);
  });

  it("keeps its rendered text, whatever is trained", () => {
    const sequence = tokenizeExample(
      { kind: "conversation", messages: chat("q", "a") },
      format(chatml),
      options,
    );
    expect(
      previewTokens(sequence, bytes)
        .map((token) => token.text)
        .join(""),
    ).toBe("<|im_start|>user\nq<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n");
  });

  it("finds an answer that also stands in the question", () => {
    expect(trained(chatml, chat("say a<|im_end|>", "a", "a", "a"))).toEqual(["a<|im_end|>", "a<|im_end|>"]);
  });

  it("trains what a template makes of an answer: an empty thinking block at the end, none before", () => {
    expect(trained(thinking, chat("q", "<think>\nx\n</think>\n\nhello", "r", "a"))).toEqual([
      "hello<|im_end|>",
      "<think>\n\n</think>\n\na<|im_end|>",
    ]);
    expect(trained(thinking, chat("q", "<think>\nx\n</think>\n\nhello"))).toEqual([
      "<think>\nx\n</think>\n\nhello<|im_end|>",
    ]);
  });

  it("works where the prompt opens a block that finished turns lack", () => {
    expect(trained(opened, chat("q", "<think>\nx\n</think>hello", "r", "b"))).toEqual([
      "hello<|im_end|>",
      "b<|im_end|>",
    ]);
  });

  it("works where answers are trimmed and EOS stands apart", () => {
    expect(trained(llama2, chat("q", " hello ", "r", "a"), pieces)).toEqual([" hello </s>", " a </s>"]);
  });

  it("stops at the first control token where several end the conversation", () => {
    expect(trained(phi, chat("q", "hello", "r", "a"))).toEqual(["hello<|im_end|>", "a<|im_end|>"]);
  });

  it("gets a trained EOS where the template has none", () => {
    const sequence = tokenizeExample(
      { kind: "conversation", messages: chat("q", "hello", "r", "a") },
      format(bare),
      options,
    );
    expect(previewRuns(sequence, bytes)).toEqual([
      { text: "user: q\nassistant:", trained: false },
      { text: " hello", trained: true },
      { text: "\nuser: r\nassistant:", trained: false },
      { text: " a<|im_end|>", trained: true },
    ]);
  });

  it("trains a token that lies across the answer's beginning", () => {
    // The prompt ends with a space that the tokenizer joins with the answer's first letter.
    expect(trained(bare, chat("q", "a b"))).toEqual([" a b<|im_end|>"]);
  });

  it("has one BOS, the template's", () => {
    const source = "{{ bos_token }}" + llama2.replace("bos_token + ", "");
    const { ids, trained } = tokenizeExample(
      { kind: "conversation", messages: chat("q", "a") },
      format(source, pieces),
      options,
    );
    expect([...ids].filter((id) => id === pieces.bosId)).toHaveLength(1);
    expect(ids[0]).toBe(pieces.bosId);
    expect(trained[0]).toBe(0);
  });

  it("trains everything but the first token when the prompt is to be trained", () => {
    const { trained } = tokenizeExample({ kind: "conversation", messages: chat("q", "a") }, format(chatml), {
      ...options,
      trainOnPrompt: true,
    });
    expect([...trained]).toEqual([0, ...new Array<number>(trained.length - 1).fill(1)]);
  });

  it("begins as the prompt that generation will use", () => {
    for (const source of [chatml, thinking, llama2, phi]) {
      const own = format(source);
      const prompt = encodePrompt(chat("q"), own);
      const { ids, trained } = tokenizeExample(
        { kind: "conversation", messages: chat("q", "hello") },
        own,
        options,
      );
      expect([...ids.slice(0, prompt.length)]).toEqual([...prompt]);
      expect(trained.indexOf(1)).toBe(prompt.length);
    }
  });

  it("is cut at the end, and refused when nothing of an answer is left", () => {
    const example = { kind: "conversation", messages: chat("q", "hello hello hello") } as const;
    const whole = tokenizeExample(example, format(chatml), options);
    const first = whole.trained.indexOf(1);
    const cut = tokenizeExample(example, format(chatml), { ...options, cutoffLength: first + 2 });
    expect([...cut.ids]).toEqual([...whole.ids.slice(0, first + 2)]);
    expect(() => tokenizeExample(example, format(chatml), { ...options, cutoffLength: first })).toThrow(
      `nothing to train within the first ${first} tokens: the answer begins at token ${first + 1}`,
    );
  });

  it("is refused with the template's reason, or with ours where the answer can't be found", () => {
    const strict = format(
      chatml.replace(
        "{%- for",
        "{% if messages|length > 2 %}{{ raise_exception('one turn only') }}{% endif %}{%- for",
      ),
    );
    expect(() =>
      tokenizeExample({ kind: "conversation", messages: chat("q", "a", "r", "b") }, strict, options),
    ).toThrow(/one turn only/);
    // A template that writes the number of characters of the answer in front of it and in the footer.
    const odd = format(
      each("'<|im_start|>' ~ m.content|length ~ m.content ~ m.content|length ~ '<|im_end|>'"),
    );
    expect(() =>
      tokenizeExample({ kind: "conversation", messages: chat("q", "four") }, odd, options),
    ).toThrow(/turn 2 can't be found/);
  });
});

describe("a chat format", () => {
  it("stops at what ends an answer and at every EOS", () => {
    expect(
      format(
        phi,
        createTokenizer({
          tokenizer: JSON.stringify(byteLevelJson()),
          generationConfig: '{"eos_token_id": [270, 273]}',
        }),
      ).stopIds,
    ).toEqual([272, 270, 273]);
    expect(format(bare).stopIds).toEqual([272]);
  });

  it("falls back to Alpaca's template with BOS only where the tokenizer adds one", () => {
    for (const [tokenizer, start, end] of [
      [bytes, "Below", "<|im_end|>"],
      [pieces, "<s>", "</s>"],
    ] as const) {
      const own = createChatFormat(tokenizer, undefined);
      const sequence = tokenizeExample({ kind: "conversation", messages: chat("q", "hello") }, own, options);
      const runs = previewRuns(sequence, tokenizer);
      expect(own.hasOwnTemplate).toBe(false);
      expect(runs[0]!.text.startsWith(start)).toBe(true);
      expect(runs.slice(1)).toEqual([{ text: `hello${end}`, trained: true }]);
    }
  });

  it("refuses a template that can't render a single question and answer", () => {
    expect(() => format("{{ raise_exception('never') }}")).toThrow(/test template: .*never.*single question/);
  });
});

describe("running text", () => {
  it("is trained as a whole with EOS, BOS being the only untrained token", () => {
    const { ids, trained } = tokenizeExample(
      { kind: "text", text: "hello a" },
      format(chatml, pieces),
      options,
    );
    expect(ids[0]).toBe(pieces.bosId);
    expect(ids.at(-1)).toBe(pieces.eosId);
    expect([...trained]).toEqual([0, ...new Array<number>(ids.length - 1).fill(1)]);
  });

  it("gets no second EOS", () => {
    const { ids } = tokenizeExample({ kind: "text", text: "hello<|im_end|>" }, format(chatml), options);
    expect([...ids].filter((id) => id === bytes.eosId)).toHaveLength(1);
  });
});

describe("a dataset", () => {
  const row = (instruction: string, output: string): string => JSON.stringify({ instruction, output });

  it("keeps the good rows and lists the others with their lines", () => {
    const dataset = readDataset(
      "d.jsonl",
      [row("q", "a"), "", row("hello ".repeat(50), "a"), row("r", "hello ".repeat(20))].join("\n"),
    );
    const { sequences, rows, problems, cut } = tokenizeDataset(dataset, format(chatml), {
      ...options,
      cutoffLength: 40,
    });
    expect(rows).toEqual([1, 3]);
    expect(problems).toMatchObject([{ line: 3, row: 2 }]);
    expect(problems[0]!.reason).toContain("nothing to train within the first 40 tokens");
    expect(sequences.map(({ ids }) => ids.length)).toEqual([expect.any(Number), 40]);
    expect(cut).toBe(1);
  });

  it("that is a text file is divided, nothing lost, each piece with BOS", () => {
    const text = "hello a ".repeat(30);
    const { sequences } = tokenizeDataset(readDataset("d.txt", text), format(chatml, pieces), {
      ...options,
      cutoffLength: 16,
    });
    expect(sequences.length).toBeGreaterThan(3);
    for (const { ids } of sequences) expect(ids[0]).toBe(pieces.bosId);
    for (const { ids } of sequences.slice(0, -1)) expect(ids.length).toBe(16);
    const whole = sequences.flatMap(({ ids }) => [...ids.slice(1)]);
    expect(whole).toEqual([...pieces.encode(text, { addSpecial: false }), pieces.eosId]);
  });

  it("divides a text without losing or training a lonely last token", () => {
    const { sequences } = tokenizeDataset(readDataset("d.txt", "zzzz"), format(chatml), {
      ...options,
      cutoffLength: 4,
    });
    expect(sequences.map(({ ids }) => ids.length)).toEqual([4]); // the fifth, EOS, would have nothing before it
  });
});

describe("labels", () => {
  it("are the trained ids and -100", () => {
    expect([...labelsOf({ ids: Uint32Array.of(5, 6, 7), trained: Uint8Array.of(0, 1, 0) })]).toEqual([
      -100, 6, -100,
    ]);
  });
});
