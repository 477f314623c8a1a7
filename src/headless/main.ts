// The command line: the engine under Node, over files. Metrics go to standard output as JSON lines, words for people
// to standard error.

import { Command, InvalidArgumentError, Option } from "commander";
import { runConfigHelp } from "../core/run-config-check";
import { evaluate, generate, merge, plan, train } from "./commands";

/** Reads an option's number; refuses what is no number or out of range. */
function number(min: number, max: number, kind: "whole" | "real" = "real"): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const fits = text.trim() !== "" && value >= min && value <= max;
    if (fits && (kind === "real" || Number.isInteger(value))) return value;
    const what = kind === "whole" ? "A whole number" : "A number";
    throw new InvalidArgumentError(`${what} from ${min} to ${max} was expected.`);
  };
}

const program = new Command("headless").description(
  "Fine-tune, try and merge language models with the engine that runs in the browser tab.",
);

const model = new Option(
  "--model <folder>",
  "model folder: config.json, weights, tokenizer.json",
).makeOptionMandatory();
const config = new Option("--config <file>", "run.json; without it every field has its default");
const adapter = new Option("--adapter <folder>", "adapter folder in PEFT form");
const sampling = [
  new Option("--max-tokens <count>", "most new tokens").default(128).argParser(number(1, 1e6, "whole")),
  new Option("--temperature <number>", "0 is greedy").default(0).argParser(number(0, 100)),
  new Option("--top-k <count>", "keep only the likeliest tokens; 0 keeps all")
    .default(0)
    .argParser(number(0, 1e6, "whole")),
  new Option("--top-p <share>", "keep the likeliest tokens up to this share; 1 keeps all")
    .default(1)
    .argParser(number(0, 1)),
  new Option("--repetition-penalty <number>", "1 changes nothing").default(1).argParser(number(0.01, 100)),
  new Option("--seed <number>", "of the sampling")
    .default(0)
    .argParser(number(0, Number.MAX_SAFE_INTEGER, "whole")),
];

program
  .command("train")
  .description(
    "train an adapter; writes metrics.jsonl, run.json, problems.jsonl and adapter/ to the output folder",
  )
  .addOption(model)
  .requiredOption("--data <file>", "dataset: JSON, JSON Lines or plain text")
  .addOption(config)
  .requiredOption("--out <folder>", "output folder, made if missing")
  .addOption(new Option("--adapter <folder>", "start from this adapter (PEFT form) instead of a new one"))
  .addHelpText("after", runConfigHelp())
  .action(train);

const generateCommand = program
  .command("generate")
  .description("answer a prompt; the answer goes to standard output as it is made")
  .addOption(model)
  .addOption(adapter)
  .requiredOption("--prompt <text>", "what the user says")
  .option("--system <text>", "system prompt")
  .option("--raw", "continue the prompt as plain text, without the chat template")
  .action(generate);
for (const option of sampling) generateCommand.addOption(option);

program
  .command("evaluate")
  .description("token-mean loss, accuracy and perplexity on a dataset, as one JSON line")
  .addOption(model)
  .addOption(adapter)
  .requiredOption("--data <file>", "dataset: JSON, JSON Lines or plain text")
  .addOption(config)
  .action(evaluate);

program
  .command("merge")
  .description("write the model with the adapter added to its weights, in the model's own number format")
  .addOption(model)
  .addOption(new Option("--adapter <folder>", "adapter folder in PEFT form").makeOptionMandatory())
  .requiredOption("--out <folder>", "output folder, made if missing")
  .action(merge);

program
  .command("plan")
  .description("GPU memory that a run would take, as JSON; needs no GPU")
  .addOption(model)
  .addOption(config)
  .option("--data <file>", "plan for this dataset's rows instead of full rows of cutoffLength")
  .addHelpText("after", runConfigHelp())
  .action(plan);

try {
  await program.parseAsync();
} catch (error) {
  const { name, message } = error as Error;
  process.stderr.write(`${name}: ${message}\n`);
  process.exitCode = 1;
}
// Dawn keeps its instance alive, and with it the process.
process.exit();
