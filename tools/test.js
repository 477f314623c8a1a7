// `npm test`: installs what is missing and runs every tier, none of them stopped by another's failure. What failed is
// said again at the end, and the last line sums up. `npm test -- unit gpu` runs those tiers alone. In CI (CI=true) nothing may be left out.

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import {
  gpuEnvironment,
  installChromium,
  installFirefox,
  installPackages,
  repository,
} from "./install-missing.js";

/**
 * `failures` are in words, as far as they are known: a runner that breaks down names none.
 * @typedef {{ passed: number, failed: number, notRun?: number, failures?: readonly string[] }} Count
 */

/**
 * Name → what runs the tier. A tier that can't be run gives undefined.
 * @type {Readonly<Record<string, () => Promise<Count | undefined>>>}
 */
const tiers = {
  lint: async () => {
    const commands = [
      ["eslint", "node_modules/eslint/bin/eslint.js", "."],
      ["prettier", "node_modules/prettier/bin/prettier.cjs", "--check", "--log-level", "warn", "."],
      ["tsc", "node_modules/typescript/bin/tsc", "--noEmit"],
    ];
    /** @type {string[]} */
    const failures = [];
    for (const [name = "", ...args] of commands) {
      const { code } = await runNode(args);
      if (code !== 0) failures.push(name);
      console.log(`${code === 0 ? "ok   " : "FAIL "} ${name}`);
    }
    return { passed: commands.length - failures.length, failed: failures.length, failures };
  },
  unit: () => vitest("unit"),
  gpu: () => vitest("gpu"),
  model: () => vitest("model"),
  headless: () => vitest("headless"),
  page: () => playwright(),
  chromium: () => script("e2e/parity/run.js", "chromium"),
  firefox: async () => {
    if (installFirefox())
      return sum(await script("e2e/parity/run.js", "firefox"), await script("e2e/page/firefox.js"));
    if (process.env["CI"] === "true") return { passed: 0, failed: 1 };
    console.log("The Firefox smoke was NOT run.");
    return undefined;
  },
};

const chosen = process.argv.slice(2);
const unknown = chosen.find((name) => !Object.hasOwn(tiers, name));
if (unknown !== undefined) {
  console.error(`There is no tier ${unknown}. The tiers are: ${Object.keys(tiers).join(", ")}.`);
  process.exit(2);
}

installPackages();
installChromium(); // where it fails, the tiers that need it fail and say so
const environment = gpuEnvironment();
const total = { passed: 0, failed: 0 };
/** @type {string[]} */
const summary = [];
/** @type {string[]} */
const failures = [];
for (const [name, run] of Object.entries(tiers)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  console.log(`\n── ${name} ──`);
  const start = performance.now();
  const count = await run();
  const seconds = `${((performance.now() - start) / 1000).toFixed(0)} s`;
  summary.push(`${name.padEnd(10)}${wordsOf(count)} in ${seconds}`);
  total.passed += count?.passed ?? 0;
  total.failed += count?.failed ?? 0;
  failures.push(...(count?.failures ?? []).map((failure) => `${name}: ${failure}`));
}
if (failures.length > 0) console.log(`\n── failed ──\n${failures.join("\n")}`);
console.log(`\n${summary.join("\n")}`);
console.log(`${total.passed} passed, ${total.failed} failed`);
process.exit(total.failed > 0 || total.passed === 0 ? 1 : 0);

/** @param {Count | undefined} count */
function wordsOf(count) {
  if (!count) return "NOT run";
  const { passed, failed, notRun } = count;
  return `${passed} passed, ${failed} failed${notRun ? `, ${notRun} NOT run (their data is not in the repository)` : ""}`;
}

/**
 * Runs one project of vite.config.ts.
 * @param {string} project
 */
async function vitest(project) {
  const report = join(repository, "out", "test", `${project}.json`);
  mkdirSync(join(repository, "out", "test"), { recursive: true });
  rmSync(report, { force: true });
  const { code } = await runNode([
    "node_modules/vitest/vitest.mjs",
    "run",
    `--project=${project}`,
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  ]);
  return counted(code, readVitest(report));
}

/**
 * A file in which no test was found counts as failed. Tests left out for want of data are told.
 * @param {string} report
 * @returns {Count | undefined}
 */
function readVitest(report) {
  try {
    const { numTotalTests, numPassedTests, numFailedTests, testResults } = JSON.parse(
      readFileSync(report, "utf8"),
    );
    const empty = testResults.filter(
      (/** @type {{ assertionResults: unknown[] }} */ file) => file.assertionResults.length === 0,
    );
    return {
      passed: numPassedTests,
      failed: numFailedTests + empty.length,
      notRun: numTotalTests - numPassedTests - numFailedTests,
      failures: testResults.flatMap(failuresOfFile),
    };
  } catch {
    return undefined;
  }
}

/**
 * A file's failed tests, or why the file could not be run.
 * @param {{ name: string, message: string, assertionResults: { status: string, fullName: string, failureMessages: string[] }[] }} file
 */
function failuresOfFile({ name, message, assertionResults }) {
  const file = relative(repository, name);
  if (assertionResults.length === 0) return [`${file}: ${message || "no test was found"}`];
  return assertionResults
    .filter(({ status }) => status === "failed")
    .map(({ fullName, failureMessages }) => {
      const own = failureMessages.flatMap((message) => message.split("\n"));
      return [`${file}: ${fullName}`, ...own.filter((line) => !line.includes("node_modules"))].join("\n  ");
    });
}

/** The page as a person uses it. */
async function playwright() {
  const report = join(repository, "out", "test", "page.json");
  rmSync(report, { force: true });
  const { code } = await runNode(["node_modules/@playwright/test/cli.js", "test", "--reporter=list,json"], {
    PLAYWRIGHT_JSON_OUTPUT_FILE: report,
  });
  return counted(code, readPlaywright(report));
}

/**
 * A test that passed only when it was tried again counts as failed.
 * @param {string} report
 * @returns {Count | undefined}
 */
function readPlaywright(report) {
  try {
    const { stats, suites } = JSON.parse(readFileSync(report, "utf8"));
    const { expected, unexpected, flaky, skipped } = stats;
    return {
      passed: expected,
      failed: unexpected + flaky,
      notRun: skipped,
      failures: suites.flatMap(failuresOfSuite),
    };
  } catch {
    return undefined;
  }
}

/**
 * @typedef {{ status: string, results: { error?: { message?: string } }[] }} PageTest
 * @typedef {{ title: string, file: string, specs: { title: string, tests: PageTest[] }[], suites?: Suite[] }} Suite
 */

/**
 * @param {Suite} suite
 * @returns {string[]}
 */
function failuresOfSuite({ file, title, specs, suites = [] }) {
  const own = specs.flatMap((spec) =>
    spec.tests
      .filter(({ status }) => status === "unexpected" || status === "flaky")
      .map(({ results }) => {
        const why = results.find(({ error }) => error)?.error?.message ?? "";
        return `${file}: ${title === file ? "" : `${title}, `}${spec.title}\n  ${why}`;
      }),
  );
  return [...own, ...suites.flatMap(failuresOfSuite)];
}

/**
 * Runs a script that prints its checks as "ok …" or "FAIL …", and whose last line counts them.
 * @param {string[]} args
 */
async function script(...args) {
  const { code, lines } = await runNode(args);
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/.exec(lines.at(-1) ?? "") ?? [];
  if (passed === undefined) return counted(code, undefined);
  const failures = lines.filter((line) => line.startsWith("FAIL"));
  return counted(code, { passed: Number(passed), failed: Number(failed), failures });
}

/**
 * @param {readonly Count[]} counts
 * @returns {Count}
 */
function sum(...counts) {
  return {
    passed: counts.reduce((total, { passed }) => total + passed, 0),
    failed: counts.reduce((total, { failed }) => total + failed, 0),
    failures: counts.flatMap(({ failures = [] }) => failures),
  };
}

/**
 * A runner that ended badly, or that ran nothing, is one failure even if it counted none.
 * @param {number} code
 * @param {Count | undefined} count
 */
function counted(code, count) {
  const { passed, failed, notRun = 0, failures = [] } = count ?? { passed: 0, failed: 0 };
  if (failed > 0 || (code === 0 && passed > 0)) return { passed, failed, notRun, failures };
  return { passed, failed: 1, notRun, failures: [`the runner ended with exit status ${code}`] };
}

/**
 * @param {string[]} args
 * @param {Record<string, string>} more  environment variables of this run alone
 * @returns {Promise<{ code: number, lines: string[] }>}  `lines` of its output
 */
function runNode(args, more = {}) {
  const child = spawn(process.execPath, args, {
    cwd: repository,
    env: { ...environment, ...more },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (/** @type {string} */ text) => {
    process.stdout.write(text);
    output += text;
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code: code ?? 1, lines: output.trimEnd().split("\n") }));
  });
}
