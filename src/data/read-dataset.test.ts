import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, it } from "vitest";
import { readDataset, type Dataset } from "./read-dataset";

const alpaca = (instruction: string, output: unknown = "a"): string =>
  JSON.stringify({ instruction, output });
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const lines = (dataset: Dataset): number[] => dataset.examples.map(({ line }) => line);
const questions = (dataset: Dataset): string[] =>
  dataset.examples.map(({ example }) =>
    example.kind === "text" ? example.text : example.messages[0]!.content,
  );
const failure = (name: string, content: string | Uint8Array): string => {
  try {
    readDataset(name, content);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "no failure";
};

describe("JSON Lines", () => {
  it("are read with true line numbers, whatever ends the lines and with blank lines between", () => {
    const dataset = readDataset("d.jsonl", `\ufeff${alpaca("1")}\r\n\r\n${alpaca("2")}\n\n\n${alpaca("3")}`);
    expect(dataset.format).toBe("alpaca");
    expect(questions(dataset)).toEqual(["1", "2", "3"]);
    expect(lines(dataset)).toEqual([1, 3, 6]);
    expect(dataset.problems).toEqual([]);
  });

  it("are read from bytes with a byte-order mark and under the name .json", () => {
    expect(questions(readDataset("d.json", bytes(`\ufeff${alpaca("ä")}\n${alpaca("🙂")}\n`)))).toEqual([
      "ä",
      "🙂",
    ]);
  });

  it("list broken lines with line and column, and go on behind them", () => {
    const text = [
      alpaca("1"),
      '{"instruction": "x", "output": "y"',
      alpaca("3"),
      '{"instruction" "x"}',
      "hello",
      alpaca("6"),
    ].join("\n");
    const dataset = readDataset("d.jsonl", text);
    expect(questions(dataset)).toEqual(["1", "3", "6"]);
    expect(dataset.examples.map(({ row }) => row)).toEqual([1, 3, 6]);
    expect(dataset.problems.map(({ line, row }) => [line, row])).toEqual([
      [2, 2],
      [4, 4],
      [5, 5],
    ]);
    expect(dataset.problems[0]!.reason).toContain("line 2, column 35: the line ends");
    expect(dataset.problems[0]!.reason).toContain("a comma or } was expected");
    expect(dataset.problems[1]!.reason).toContain("line 4, column 16");
    expect(dataset.problems[2]!.reason).toContain("an object beginning with {");
  });

  it("lose no row behind one that breaks off", () => {
    for (const cut of ['{"instruction": "x", "output": ', '{"instruction": "x", "output": [', '{"a": {']) {
      const text = [alpaca("1"), cut, alpaca("3"), cut, cut, alpaca("6")].join("\r\n");
      const dataset = readDataset("d.jsonl", text);
      expect(questions(dataset)).toEqual(["1", "3", "6"]);
      expect(dataset.problems.map(({ line }) => line)).toEqual([2, 4, 5]);
      expect(dataset.problems[0]!.reason).toMatch(/line 2, column \d+: the line ends/);
    }
  });

  it("may hold two objects on a line or one over many", () => {
    const pretty = JSON.stringify({ instruction: "p", output: "a" }, null, 2);
    const dataset = readDataset(
      "d.jsonl",
      `${alpaca("1")}${alpaca("2")}\n${pretty}\n${pretty}\n${alpaca("5")}\n`,
    );
    expect(questions(dataset)).toEqual(["1", "2", "p", "p", "5"]);
    expect(lines(dataset)).toEqual([1, 1, 2, 6, 10]);
  });

  it("make one problem of one broken object over many lines", () => {
    const broken = '{\n  "instruction": "p"\n  "output": "a"\n}';
    const dataset = readDataset("d.jsonl", `${alpaca("1")}\n${broken}\n${alpaca("6")}`);
    expect(questions(dataset)).toEqual(["1", "6"]);
    expect(dataset.problems).toHaveLength(1);
    expect(dataset.problems[0]).toMatchObject({ line: 2, row: 2 });
    expect(dataset.problems[0]!.reason).toContain("line 4, column 3");
  });

  it("end in a problem when the last line is cut off", () => {
    const dataset = readDataset("d.jsonl", `${alpaca("1")}\n{"instruction": "x`);
    expect(dataset.problems).toMatchObject([{ line: 2, row: 2 }]);
    expect(dataset.problems[0]!.reason).toContain("the file ends");
  });
});

describe("a JSON list", () => {
  it("knows the line of each row, good or bad", () => {
    const dataset = readDataset(
      "d.json",
      `[\n  ${alpaca("1")},\n  {"instruction": "2",\n   "output": 5}, ${alpaca("3")}\n,\n${alpaca("4")}]`,
    );
    expect(lines(dataset)).toEqual([2, 4, 6]);
    expect(dataset.problems).toEqual([
      { line: 3, row: 2, field: "output", reason: "is a number; text was expected" },
    ]);
  });

  it("is read under the name .jsonl and on one line", () => {
    expect(questions(readDataset("d.jsonl", `[${alpaca("1")},${alpaca("2")}]`))).toEqual(["1", "2"]);
  });

  it("may lie inside one object, which may hold other things", () => {
    const dataset = readDataset(
      "d.json",
      `{"version": [1], "name": "x]",\n "data": [\n${alpaca("1")},\n${alpaca("2")}]}`,
    );
    expect(lines(dataset)).toEqual([3, 4]);
  });

  it("is not mistaken for one object that is itself a row", () => {
    const row = {
      conversations: [
        { from: "human", value: "q" },
        { from: "gpt", value: "a" },
      ],
    };
    expect(readDataset("d.json", JSON.stringify(row, null, 2)).examples).toHaveLength(1);
  });

  it("that is broken fails with line, column and what was expected", () => {
    expect(failure("d.json", `[${alpaca("1")},\n ${alpaca("2")}\n ${alpaca("3")}]`)).toMatch(
      /^bad-dataset: d\.json: line 3, column 2: found .*a comma or \] was expected\. The 2 rows before it are well-formed/,
    );
    expect(failure("d.json", `[${alpaca("1")},]`)).toMatch(
      /line 1, column 35: found "]", a value was expected/,
    );
    expect(failure("d.json", `[${alpaca("1")}`)).toMatch(/the file ends, a comma or \]/);
    expect(failure("d.json", '[{"instruction": "a\nb", "output": "c"}]')).toMatch(
      /line 1, column 20: .*closing "/,
    );
    expect(failure("d.json", "[".repeat(100_000))).toMatch(/at most 500 nested brackets/);
  });

  it("fails when it is empty, holds no known form, or an object holds several lists", () => {
    expect(failure("d.json", "[]")).toMatch(/holds no rows/);
    expect(failure("d.json", '[{"a": 1, "b": 2}]')).toMatch(
      /no row has a known form \(the first row's fields are "a", "b"\)\. Known forms: OpenAI/,
    );
    expect(failure("d.json", "[1, 2]")).toMatch(/the first row is a number/);
    expect(failure("d.json", `{"train": [${alpaca("1")}], "test": [${alpaca("2")}]}`)).toMatch(
      /several lists: "train", "test"/,
    );
    expect(failure("d.json", '{"a": 1}')).toMatch(/one object, and its fields are "a"/);
  });
});

describe("a dataset", () => {
  it("takes the form of most rows and names what the others lack", () => {
    const dataset = readDataset(
      "d.jsonl",
      [alpaca("1"), alpaca("2"), '{"instruction": "3", "text": "t"}'].join("\n"),
    );
    expect(dataset.format).toBe("alpaca");
    expect(dataset.problems).toMatchObject([
      { line: 3, field: "output", reason: "is missing; text was expected" },
    ]);
  });

  it("reads rows of another form that share no field with the main one", () => {
    const dataset = readDataset(
      "d.jsonl",
      [alpaca("1"), alpaca("2"), '{"text": "t"}', '{"zzz": 1}', "[1]"].join("\n"),
    );
    expect(questions(dataset)).toEqual(["1", "2", "t"]);
    expect(dataset.problems.map(({ line }) => line)).toEqual([4, 5]);
  });

  it("counts the fields that it doesn't use", () => {
    const row = '{"instruction": "q", "output": "a", "id": 1, "tools": []}';
    expect([...readDataset("d.jsonl", `${row}\n${row}`).unusedFields]).toEqual([
      ["id", 2],
      ["tools", 2],
    ]);
  });

  it("explains preference pairs", () => {
    const row = {
      conversations: [{ from: "human", value: "q" }],
      chosen: { from: "gpt", value: "a" },
      rejected: { from: "gpt", value: "b" },
    };
    const good = {
      conversations: [
        { from: "human", value: "q" },
        { from: "gpt", value: "a" },
      ],
    };
    const { problems } = readDataset("d.json", JSON.stringify([row, good]));
    expect(problems[0]!.reason).toMatch(/preference pair/);
  });

  it("is running text when it is named so, unless its rows say otherwise", () => {
    expect(readDataset("d.txt", "[Scene 1]\nTo be")).toMatchObject({
      format: "plain-text",
      examples: [{ example: { kind: "text", text: "[Scene 1]\nTo be" } }],
    });
    expect(readDataset("d.txt", `${alpaca("1")}\n`).format).toBe("alpaca");
    expect(failure("d.jsonl", "To be or not")).toMatch(
      /neither a JSON list nor JSON Lines \(line 1: .*name it \.txt/,
    );
  });

  const useless: [string, Uint8Array, RegExp][] = [
    ["empty", new Uint8Array(0), /the file is empty/],
    ["blank", bytes(" \n\n"), /the file is empty/],
    ["UTF-16 with a mark", new Uint8Array([0xff, 0xfe, 0x7b, 0]), /UTF-16/],
    [
      "UTF-16 without one",
      new Uint8Array([...'{"text": 1}'].flatMap((character) => [character.charCodeAt(0), 0])),
      /UTF-16/,
    ],
    ["binary", new Uint8Array([1, 2, 0, 0, 9, 0, 0, 0, 200]), /binary/],
    ["Latin-1", new Uint8Array([...bytes(`${alpaca("1")}\n`), 0xe9, 0x21]), /line 2 is no UTF-8/],
    ["Parquet", bytes("PAR1...."), /Parquet/],
    ["zipped", bytes("PK\x03\x04"), /ZIP or Excel/],
    ["compressed", new Uint8Array([0x1f, 0x8b, 8]), /gzip/],
    ["a Git LFS pointer", bytes("version https://git-lfs.github.com/spec/v1\n"), /LFS/],
  ];
  it.each(useless)("that is %s is refused by name", (_, content, message) => {
    expect(failure("d.jsonl", content)).toMatch(message);
    expect(failure("d.jsonl", content)).toMatch(/^bad-dataset: d\.jsonl: /);
  });

  it("that is a table is refused with advice", () => {
    expect(failure("d.csv", "a,b\n1,2")).toMatch(/CSV.*JSON Lines/);
  });
});

// Real files, where the collection lies beside the repository: [file, format, examples, problems].
const collection = new URL("../../../shared/data/datasets/", import.meta.url);
const realFiles: [string, string, number, number][] = [
  ["alpaca/gsm_8k_train.json", "alpaca", 7473, 0],
  ["alpaca/code_alpaca_2k.json", "alpaca", 2015, 2],
  ["fastchat/dummy_conversation.json", "sharegpt", 500, 0],
  ["llama-factory/glaive_toolcall_en_demo.json", "sharegpt", 300, 0],
  ["llama-factory/kto_en_demo.json", "openai", 150, 150],
  ["llama-factory/v1_sft_demo.jsonl", "openai", 500, 0],
  ["litgpt/longform_train.json", "prompt-completion", 17, 0],
  ["mlx/wwdc25-all.jsonl", "prompt-completion", 1944, 0],
  ["mlx/lora-wikisql-train.jsonl", "text", 1000, 0],
  ["openai/toy_chat_fine_tuning.jsonl", "openai", 4, 1],
  ["messy/ok-500-noEOL.jsonl", "openai", 500, 0],
  ["messy/mixed-schemas-3bad-rows.jsonl", "text", 275, 1791],
  ["axolotl-golden/conversation.missingturns.json", "sharegpt", 0, 1],
];
describe.runIf(existsSync(collection))("published datasets", () => {
  it.each(realFiles)("%s: %s, %i rows, %i problems", (file, format, examples, problems) => {
    const dataset = readDataset(basename(file), readFileSync(new URL(file, collection)));
    expect([dataset.format, dataset.examples.length, dataset.problems.length]).toEqual([
      format,
      examples,
      problems,
    ]);
  });
});
