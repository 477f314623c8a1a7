import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Message } from "../core/message";
import { alpacaTemplate } from "./alpaca-template";
import { compileChatTemplate, findChatTemplate, renderChat } from "./chat-template";

const messages: Message[] = [
  { role: "user", content: "q" },
  { role: "assistant", content: "a" },
];
const options = { addGenerationPrompt: false, bos: "<s>", eos: "</s>" };
const render = (source: string, addGenerationPrompt = false): string =>
  renderChat(compileChatTemplate(source, "t.jinja"), messages, { ...options, addGenerationPrompt });

describe("finding a model's chat template", () => {
  const config = (template: unknown): string => JSON.stringify({ chat_template: template });

  it("prefers chat_template.jinja, then chat_template.json, then tokenizer_config.json", () => {
    const files = { chatTemplateJinja: "1", chatTemplateJson: config("2"), tokenizerConfig: config("3") };
    expect(findChatTemplate(files)!.source).toBe("1");
    expect(findChatTemplate({ ...files, chatTemplateJinja: undefined })!.source).toBe("2");
    expect(findChatTemplate({ tokenizerConfig: files.tokenizerConfig })!.source).toBe("3");
    expect(findChatTemplate({ tokenizerConfig: "{}" })).toBeUndefined();
    expect(findChatTemplate({})).toBeUndefined();
  });

  it("takes the default of several named ones", () => {
    const named = [
      { name: "tool_use", template: "T" },
      { name: "default", template: "D" },
    ];
    expect(findChatTemplate({ tokenizerConfig: config(named) })!.source).toBe("D");
    expect(findChatTemplate({ tokenizerConfig: config(named.slice(0, 1)) })!.source).toBe("T");
  });

  it("refuses what is neither text nor a list of texts, no JSON, no Jinja, or too long", () => {
    expect(() => findChatTemplate({ tokenizerConfig: config(5) })).toThrow(
      /tokenizer_config\.json: "chat_template" is neither/,
    );
    expect(() => findChatTemplate({ chatTemplateJson: "{" })).toThrow(/chat_template\.json: no valid JSON/);
    expect(() => findChatTemplate({ chatTemplateJinja: "{% if %}" })).toThrow(
      /chat_template\.jinja: the chat template is no valid Jinja/,
    );
    expect(() => compileChatTemplate("x".repeat(65_537), "t")).toThrow(/65537 characters/);
  });
});

describe("rendering", () => {
  it("gives the template messages, tokens and the generation prompt", () => {
    const source =
      "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}{{ eos_token }}{% if add_generation_prompt %}>{% endif %}";
    expect(render(source)).toBe("<s>[user]q[assistant]a</s>");
    expect(render(source, true)).toBe("<s>[user]q[assistant]a</s>>");
  });

  it("is the same on every day", () => {
    expect(render("{{ strftime_now('%d %b %Y') }} {{ strftime_now('%A %H:%M') }}")).toBe(
      "26 Jul 2024 Friday 00:00",
    );
  });

  it("passes on the template's own refusal as a problem of the row", () => {
    const refuse = (): string => render("{{ raise_exception('no system role') }}");
    expect(refuse).toThrow(/refuses the conversation \(no system role\)/);
    expect(refuse).toThrow(expect.objectContaining({ name: "bad-dataset-row" }));
  });

  it("stops templates that count or write too much", () => {
    expect(() => render("{% for i in range(5000000) %}{% endfor %}")).toThrow(/at most 100000/);
    const loops =
      "{% for a in range(9999) %}{% for b in range(9999) %}{% for c in range(9999) %}{% endfor %}";
    expect(() => render(`${loops}{% endfor %}{% endfor %}`)).toThrow(/more than 1000000 steps/);
    const doubling = `{% set n = namespace(x="ab") %}{% for i in range(40) %}{% set n.x = n.x ~ n.x %}{% endfor %}`;
    expect(() => render(doubling)).toThrow(/more than 4000000 characters/);
    expect(() => render("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}")).toThrow(/refuses|stack/);
    expect(() => render("{% for i in range(90000) %}" + "x".repeat(100) + "{% endfor %}")).toThrow(
      /more than 4000000 characters/,
    );
    const content = "x".repeat(4_000_001);
    expect(() => renderChat(alpacaTemplate, [{ role: "user", content }], options)).toThrow(
      /^the conversation has 4000001 characters; at most 4000000/,
    );
  });

  const tooMany = /more than 1000000 steps/;
  const tooLarge = /more than 4000000 characters or entries/;
  const often = (body: string): string => `{% for i in range(90000) %}${body}{% endfor %}`;
  /** `s` has a million characters, all alike, and can't be found in it is `p`, half as long. */
  const long = `{% set n = namespace(s="aaaa") %}{% for i in range(18) %}{% set n.s = n.s ~ n.s %}{% endfor %}{% set s = n.s %}{% set p = s[:250000] ~ "b" ~ s[:250000] %}`;
  const strings = `{% set l = {"a": s[:500000], "b": s[:500001], "c": s[:500002]} %}`;
  const nested = `{% set n = namespace(x=[1]) %}{% for i in range(40) %}{% set n.x = [n.x, n.x] %}{% endfor %}`;
  const many = (text: (i: number) => string): string =>
    Array.from({ length: 40 }, (_, i) => text(i)).join("");
  it.each([
    ["capital letters", long + often("{% set x = s|upper %}"), tooMany],
    ["splitting", long + often("{% set x = s.split('b') %}"), tooMany],
    ["slices", long + often("{% set x = s[1:] %}"), tooMany],
    ["a filter on a block", long + often("{% filter upper %}{{ s }}{% endfilter %}"), tooMany],
    ["lists", often("{% set x = range(90000)|reverse %}"), tooMany],
    [
      "comparing",
      `${long}{% set a = [s ~ 1] %}{% set b = [s ~ 2] %}${often("{% if a == b %}{% endif %}")}`,
      tooMany,
    ],
    ["searching", `${long}{% if p in s %}{% endif %}`, tooMany],
    ["searching by a method", `${long}{{ s.split(p) }}`, tooMany],
    ["searching by a method of another name", `${long}{% set f = s["spl" ~ "it"] %}{{ f(*[p]) }}`, tooMany],
    ["replacing", `${long}${often("{% set x = s|replace(p[:9000], 'x') %}")}`, tooMany],
    ["sorting", `${long}${strings}{% set l = l.values() %}${often("{% set x = l|sort %}")}`, tooMany],
    ["sorting by a method", `${long}${strings}${often("{% set x = l.dictsort(by='value') %}")}`, tooMany],
    ["lists in lists", `${nested}{{ n.x }}`, tooLarge],
    [
      "namespaces in namespaces",
      `${many((i) => `{% set n${i} = namespace() %}`)}${many((i) => `{% set n${i}.x = [n${i + 1}, n${i + 1}] %}`)}{{ n0 }}`,
      tooLarge,
    ],
    ["a namespace in itself", "{% set n = namespace() %}{% set n.x = [n] %}{{ n|tojson }}", /call stack/],
  ])("stops templates that take long over few statements: %s", (_, source, message) => {
    expect(() => render(source)).toThrow(message);
  });

  it("renders a long conversation", () => {
    const template =
      "{% for m in messages %}{% if 'x' in m.content and loop.index0 < messages|length %}{{ m.role ~ m.content|trim }}{% endif %}{% endfor %}";
    const turns = Array.from({ length: 1000 }, () => ({ role: "user", content: "x".repeat(1000) }) as const);
    const text = renderChat(compileChatTemplate(template, "t.jinja"), turns, options);
    expect(text).toHaveLength(1000 * 1004);
  });

  it.each([
    ["'' != false", true],
    ["'1' == 1", false],
    ["none == undefined", false],
    ["none == none", true],
    ["1 == true", true],
    ["2 == 2.0", true],
    ["'a' == 'a'", true],
    ["[1, 'a'] == [1, 'a']", true],
    ["[1] != [1, 2]", true],
    ["{'a': [1]} == {'a': [1]}", true],
    ["{'a': 1} == {'b': 1}", false],
  ])("compares as Python does: %s", (test, expected) => {
    expect(render(`{{ 'yes' if ${test} else 'no' }}`)).toBe(expected ? "yes" : "no");
  });

  it.each([
    ["{% for i in [1, 2, 3] %}{{ i }}{% if i == 2 %}!{% continue %}{% endif %}.{% endfor %}", "1.2!3."],
    ["{% for i in [1, 2, 3] %}{{ i }}{% if i == 2 %}!{% break %}{% endif %}.{% endfor %}|", "1.2!|"],
    [
      "{% for i in [1, 2] %}{% for j in ['a', 'b'] %}{{ j }}{% break %}{% endfor %}{{ i }}{% endfor %}",
      "a1a2",
    ],
    ["{% for i in [1, 2] %}{{ x }}{% set x = i %}{{ x }} {% endfor %}", "1 2 "],
    ["{% set n = namespace(x=0) %}{% for i in [1, 2] %}{% set n.x = n.x + i %}{% endfor %}{{ n.x }}", "3"],
  ])("runs loops as Python does: %s", (source, expected) => {
    expect(render(source)).toBe(expected);
  });

  it("counts like Python's range", () => {
    expect(
      render(
        "{{ range(3)|join(',') }} {{ range(1, 4)|join(',') }} {{ range(5, 0, -2)|join(',') }} {{ range(2, 1)|length }}",
      ),
    ).toBe("0,1,2 1,2,3 5,3,1 0");
  });

  it("ignores generation markers of training templates", () => {
    expect(
      render("{% for m in messages %}{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"),
    ).toBe("qa");
  });
});

describe("the Alpaca template", () => {
  it("writes the published wording, with EOS behind each answer", () => {
    expect(renderChat(alpacaTemplate, messages, options)).toBe(
      "<s>Below is an instruction that describes a task. Write a response that appropriately completes the request.\n\n### Instruction:\nq\n\n### Response:\na</s>",
    );
  });

  it("ends a prompt where the answer begins, and lets a system turn take the place of the opening", () => {
    const prompt = renderChat(
      alpacaTemplate,
      [{ role: "system", content: "Sys" }, ...messages, { role: "user", content: "r" }],
      { ...options, addGenerationPrompt: true },
    );
    expect(prompt).toBe(
      "<s>Sys\n\n### Instruction:\nq\n\n### Response:\na</s>\n\n### Instruction:\nr\n\n### Response:\n",
    );
  });
});

// Renderings by jinja2 (Python), where the collection lies beside the repository.
const collection = new URL("../../../shared/data/", import.meta.url);
const goldenFile = new URL("chat_templates/golden_renderings.json", collection);
/** Made for pictures: they look through a text as through a list of parts, which is refused here. */
const knownToDiffer = ["trl/idefics3_training", "trl/llava_next", "trl/llava_next_training"];
describe.runIf(existsSync(goldenFile))("published templates", () => {
  interface Golden {
    cases: Record<string, Message[]>;
    rendered: Record<string, { bos: string; eos: string; out: Record<string, string | { error: string }> }>;
  }
  const golden = existsSync(goldenFile)
    ? (JSON.parse(readFileSync(goldenFile, "utf8")) as Golden)
    : { cases: {}, rendered: {} };
  const files = Object.keys(golden.rendered).filter(
    (file) =>
      existsSync(new URL(file, collection)) && !knownToDiffer.some((name) => file.endsWith(`${name}.jinja`)),
  );

  it.each(files)("%s renders as in Python", (file) => {
    const text = readFileSync(new URL(file, collection), "utf8");
    const template = file.endsWith(".json")
      ? findChatTemplate({ tokenizerConfig: text })!
      : compileChatTemplate(text, file);
    const { bos, eos, out } = golden.rendered[file]!;
    for (const [key, expected] of Object.entries(out)) {
      const [name, generation] = key.split("|gen=");
      if (name === "tool") continue; // calls as objects, which messages here don't carry
      const render = (): string =>
        renderChat(template, golden.cases[name!]!, { addGenerationPrompt: generation === "1", bos, eos });
      if (typeof expected === "string") expect(render(), key).toBe(expected);
      else expect(render, key).toThrow(/refuses the conversation/);
    }
  });
});
