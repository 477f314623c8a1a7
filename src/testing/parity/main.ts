// The parity command: every comparison with transformers + peft, one object a line with --json, else a table.
// With Python and peft at hand it also has peft load what Tabtune wrote.

import { openNodeGpu } from "../../gpu/node-gpu";
import { families } from "../../model/families";
import { builtinAnswerParity, builtinCurveParity, builtinTokenParity } from "./builtin-parity";
import { builtinFolders, goldenFolders } from "./golden-folders";
import { caseParity, curveParity, greedyParity, type ParityResult } from "./model-parity";
import { findPython, peftParity } from "./peft-parity";

const arguments_ = process.argv.slice(2);
const json = arguments_.includes("--json");
const only = arguments_.find((argument) => !argument.startsWith("--"));
if (arguments_.includes("--help")) {
  process.stdout.write(
    "parity [--json] [NAME]: compare with transformers + peft; NAME picks configurations\n",
  );
  process.exit();
}

const gpu = await openNodeGpu();
const { description, vendor, architecture } = gpu.report;
process.stderr.write(`adapter: ${description || `${vendor} ${architecture}`}\n`);
const python = findPython();
if (!python)
  process.stderr.write("no Python with peft: adapters written here are not loaded there (see reference/)\n");

/** Trained prompts that the built-in model is asked, with and without its adapter. */
const BUILTIN_PROMPTS = 20;

let failed = 0;
const folders = Object.keys(families).flatMap((family) => goldenFolders(family));
for (const source of folders.filter(({ name }) => !only || name.includes(only))) {
  print(await caseParity(gpu, source, "gpu"));
  print(await curveParity(gpu, source));
  if (!source.name.startsWith("llama-")) print(await greedyParity(gpu, source));
  if (python) print(await peftParity(gpu, source, python));
}
for (const files of builtinFolders().filter(({ golden }) => !only || golden.name.includes(only))) {
  print(await builtinTokenParity(files));
  print(await builtinCurveParity(gpu, files));
  print(await builtinAnswerParity(gpu, files, { prompts: BUILTIN_PROMPTS }));
}
process.exitCode = failed > 0 ? 1 : 0;
process.exit();

function print(results: readonly ParityResult[]): void {
  for (const result of results) {
    const within = result.measured <= result.limit;
    if (!within) failed++;
    const { family, configuration, check, measured, limit } = result;
    const line = `${within ? "ok  " : "FAIL"} ${family} ${configuration}: ${check}: ${measured.toExponential(1)} (limit ${limit})`;
    process.stdout.write(`${json ? JSON.stringify(result) : line}\n`);
  }
}
