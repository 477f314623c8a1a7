// `npm start`: installs what is missing, trains the built-in model on a sample dataset under Node, prints in words
// what happens and shows answers before and after. `npm start -- brindle-bay` takes that dataset. What it runs is the
// headless command, which it names.

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { gpuEnvironment, installChromium, installPackages, repository } from "./install-missing.js";

/** @typedef {import("../src/core/metrics").RunEvent} RunEvent */
/** @typedef {import("../src/core/run-config").RunConfig} RunConfig */
/** @typedef {{ file: string, title: string, description: string, rows: number, run: RunConfig }} SampleDataset */

installPackages();
installChromium(); // its Vulkan driver serves where there is no graphics card; where there is one, it is not needed
const model = builtInModel();
const dataset = sampleDataset(process.argv[2]);
const out = join(repository, "out", "start");
const config = join(out, "run.json");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
// The sample prompts are asked below, of the model alone as well.
writeFileSync(config, JSON.stringify({ ...dataset.run, samplePrompts: [] }, undefined, 2));

const { build } = await import("vite");
await build({
  root: repository,
  logLevel: "error",
  build: { ssr: "src/headless/main.ts", outDir: "dist/headless" },
});
const data = join("public", "datasets", dataset.file);
const folder = relative(repository, out);
console.log(
  `Training the built-in model on “${dataset.title}” (${dataset.rows} rows).\n${dataset.description}\n`,
);
console.log("The same by hand:");
console.log(
  `  npm run -s headless -- train --model ${model} --data ${data} --config ${relative(repository, config)} --out ${folder}\n`,
);
process.on("SIGINT", () => undefined); // the job stops by itself and keeps its adapter
process.exitCode = await headless(
  ["train", "--model", model, "--data", data, "--config", config, "--out", out],
  (line) => tell(JSON.parse(line)),
);
if (process.exitCode === 0) {
  const adapter = join(folder, "adapter");
  for (const prompt of dataset.run.samplePrompts) {
    console.log(`\n${prompt}`);
    console.log(`  before  ${await answer(prompt)}`);
    console.log(`  after   ${await answer(prompt, "--adapter", adapter)}`);
  }
  console.log(`\nThe adapter lies in ${adapter}, in PEFT form. Ask it something:`);
  console.log(
    `  npm run -s headless -- generate --model ${model} --adapter ${adapter} --prompt "What is your name?"`,
  );
}

/**
 * Greedy, so that the two differ by nothing but the adapter.
 * @param {string} prompt
 * @param {string[]} options
 */
async function answer(prompt, ...options) {
  /** @type {string[]} */
  const lines = [];
  const tokens = String(dataset.run.sampleTokens);
  const command = ["generate", "--model", model, "--prompt", prompt, "--max-tokens", tokens, ...options];
  await headless(command, (line) => lines.push(line), "ignore");
  return lines.join(" ");
}

/**
 * Runs the headless command and hands on its lines; the exit code.
 * @param {string[]} args
 * @param {(line: string) => void} onLine
 * @param {"inherit" | "ignore"} messages
 * @returns {Promise<number>}
 */
function headless(args, onLine, messages = "inherit") {
  const job = spawn(process.execPath, ["dist/headless/main.js", ...args], {
    cwd: repository,
    env: gpuEnvironment(),
    stdio: ["ignore", "pipe", messages],
  });
  createInterface({ input: job.stdout }).on("line", onLine);
  return new Promise((resolve) => job.on("close", (code) => resolve(code ?? 1)));
}

/** @param {RunEvent} event */
function tell(event) {
  if (event.kind === "step" && (event.step % 10 === 0 || event.step === 1)) {
    const { step, steps, loss, tokenAccuracy, tokensPerSecond, secondsLeft } = event;
    console.log(
      `step ${String(step).padStart(4)} of ${steps}   loss ${loss.toFixed(3)}   right tokens ${percent(tokenAccuracy)}   ` +
        `${tokensPerSecond.toFixed(0)} tokens/s   ${secondsLeft.toFixed(0)} s left`,
    );
  }
  if (event.kind === "evaluation") {
    const { step, loss, perplexity } = event;
    console.log(
      `held-out rows after ${step} steps: loss ${loss.toFixed(3)}, perplexity ${perplexity.toFixed(2)}`,
    );
  }
}

/** @param {number} share */
function percent(share) {
  return `${(share * 100).toFixed(0)} %`.padStart(5);
}

function builtInModel() {
  const folder = join("public", "models");
  const names = existsSync(join(repository, folder)) ? readdirSync(join(repository, folder)) : [];
  const name = names.find((entry) => existsSync(join(repository, folder, entry, "model.safetensors")));
  if (!name) throw new Error(`There is no model in ${folder}.`);
  return join(folder, name);
}

/**
 * @param {string | undefined} name  a dataset's file name without its ending; the first dataset when absent
 * @returns {SampleDataset}
 */
function sampleDataset(name) {
  const index = readFileSync(join(repository, "public", "datasets", "index.json"), "utf8");
  const { datasets } = /** @type {{ datasets: SampleDataset[] }} */ (JSON.parse(index));
  const stem = (/** @type {SampleDataset} */ { file }) => file.replace(/\.\w+$/, "");
  const found = name === undefined ? datasets[0] : datasets.find((dataset) => stem(dataset) === name);
  if (!found) throw new Error(`There is no dataset ${name}; there are: ${datasets.map(stem).join(", ")}.`);
  return found;
}
