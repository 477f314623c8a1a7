// The built command line as a child process, as a person starts it.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gpuEnvironment } from "../../tools/install-missing.js";

const outDir = "out/test/headless";

/** Builds once for a test file; run from the repository's root. */
export function buildCommandLine(): void {
  const vite = ["node_modules/vite/bin/vite.js", "build", "--ssr", "src/headless/main.ts"];
  const options = ["--outDir", outDir, "--logLevel", "error"];
  const { status, stderr } = spawnSync(process.execPath, [...vite, ...options], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the command line can't be built:\n${stderr}`);
}

export interface Finished {
  /** Exit code; -1 when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunningCommand {
  readonly finished: Promise<Finished>;
  /** Resolves when `count` lines stand on standard output, or at its end. */
  lines(count: number): Promise<void>;
  interrupt(): void;
}

/** A person's machine without any Vulkan driver. */
export const withoutDriver = { VK_ICD_FILENAMES: "/nonexistent", VK_DRIVER_FILES: "/nonexistent" };

/** Starts a command with its arguments. Kernel measurements are kept in `cache`, as under a person's ~/.cache. */
export function start(args: readonly string[], cache: string, environment: object = {}): RunningCommand {
  const child = spawn(process.execPath, [join(outDir, "main.js"), ...args], {
    env: { ...gpuEnvironment(), XDG_CACHE_HOME: cache, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    const lines = stdout.split("\n").length - 1;
    for (const { count, resolve } of waiting) if (lines >= count) resolve();
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const finished = new Promise<Finished>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      waiting.forEach((one) => one.resolve());
      resolve({ code: code ?? -1, stdout, stderr });
    });
  });
  return {
    finished,
    lines: (count) => new Promise((resolve) => waiting.push({ count, resolve })),
    interrupt: () => void child.kill("SIGINT"),
  };
}

/** A folder of its own for a test file's inputs and outputs. */
export function scratchFolder(): { readonly path: (...names: string[]) => string; remove(): void } {
  const root = mkdtempSync(join(tmpdir(), "tabtune-e2e-"));
  return {
    path: (...names) => join(root, ...names),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** The values of a file or of standard output with one JSON value a line. */
export function jsonLines<T>(text: string): T[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as T);
}

export function readJson<T>(file: string): T {
  return JSON.parse(readFileSync(file, "utf8")) as T;
}
