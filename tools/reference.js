// `npm run reference`: makes the golden files of e2e/golden anew with PyTorch, transformers and peft, in a Python
// environment that it sets up in reference/.venv first. Tests need neither: the files are committed.

import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./install-missing.js";

const environment = join(repository, "reference", ".venv");
const python = join(
  environment,
  ...(process.platform === "win32" ? ["Scripts", "python.exe"] : ["bin", "python"]),
);

if (!existsSync(python)) {
  console.log(
    "Setting up Python in reference/.venv: PyTorch, transformers, peft (needs Python 3.11, about 2 GB) …",
  );
  run("python3", "-m", "venv", environment);
  run(python, "-m", "pip", "install", "--quiet", "--requirement", join("reference", "requirements.txt"));
}
run(python, join("reference", "golden", "make_golden.py"));
run(python, join("reference", "golden", "make_builtin.py"));
run(python, join("reference", "tokenizers", "make_pipelines.py"));

/**
 * @param {string} command
 * @param {string[]} args
 */
function run(command, ...args) {
  const { status, error } = spawnSync(command, args, { cwd: repository, stdio: "inherit" });
  if (status === 0) return;
  console.error(
    `${command} failed${error ? `: ${error.message}` : ""}; reference/README.md says what is needed.`,
  );
  process.exit(1);
}
