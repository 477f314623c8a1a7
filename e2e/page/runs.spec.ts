// Runs that don't go through from start to end, and what they leave behind.

import { readFileSync } from "node:fs";
import { expect, test, type Page } from "@playwright/test";
import {
  ask,
  expectRows,
  expectStep,
  goTo,
  openDatasetFile,
  openPage,
  pickFiles,
  startRun,
  stepsMade,
  textFile,
} from "./person";

/** Enough to change answers after few steps. */
const parrot = textFile(
  "parrot.jsonl",
  Array.from({ length: 8 }, (_, i) =>
    JSON.stringify({ prompt: `What is ${i}?`, completion: "Polly wants a cracker." }),
  ).join("\n"),
);
const question = "What is 3?";

test.beforeEach(async ({ page }) => openPage(page));

async function openParrot(page: Page): Promise<void> {
  await openDatasetFile(page, parrot);
  await expectRows(page, 8);
}

test("the plan tells memory, steps and time before the start", async ({ page }) => {
  await openParrot(page);
  await goTo(page, "Train");
  await expect(page.getByText(/^Needs [\d.]+ MB of GPU memory and about \d.* here\.$/)).toBeVisible({
    timeout: 60_000,
  });
});

test("a run that is paused, continued and stopped keeps what it has learnt", async ({ page }) => {
  await openParrot(page);
  await startRun(page, { Steps: 200, "Learning rate": 0.003 });
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByRole("button", { name: "Continue" })).toBeVisible();
  // The step under way ends; after that nothing moves, for longer than a step takes.
  let paused = -1;
  await expect
    .poll(async () => paused === (paused = await stepsMade(page)), { intervals: [4000], timeout: 60_000 })
    .toBe(true);
  await page.waitForTimeout(4000);
  expect(await stepsMade(page)).toBe(paused);
  await page.getByRole("button", { name: "Continue" }).click();
  await expectStep(page, Math.max(paused + 2, 20));
  await page.getByRole("button", { name: "Stop and keep" }).click();
  await expect(page.getByText(/^Stopped after step \d+\./)).toBeVisible();

  await page.getByRole("button", { name: "Chat before and after" }).click();
  const [before, after] = await ask(page, question);
  expect(before).not.toContain("cracker");
  expect(after).toContain("cracker");
});

test("a reload in the middle interrupts the run, says so, keeps what it had, and it goes on", async ({
  page,
}) => {
  await openParrot(page);
  await startRun(page, { Steps: 40 });
  await expectStep(page, 12);
  await page.reload();
  await expect(page.getByRole("link", { name: "Data 8 rows" })).toBeVisible(); // the dataset is open again
  await goTo(page, "Runs");
  await expect(page.getByText("Interrupted", { exact: true })).toBeVisible();
  const saved = Number(/(\d+) of 40/.exec(await page.getByText(/\d+ of 40/).innerText())![1]);
  expect(saved).toBeGreaterThan(0);
  await page.getByRole("button", { name: "Details" }).click();
  await expect(page.getByText("First loss")).toBeVisible();

  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByText("Finished 40 steps.")).toBeVisible({ timeout: 120_000 });
  await goTo(page, "Runs");
  await expect(page.getByText("40 of 40")).toBeVisible();
});

test("an exported adapter answers the same after everything was deleted and it was brought in again", async ({
  page,
}, info) => {
  await openParrot(page);
  await startRun(page, { Steps: 14, "Learning rate": 0.003 });
  await expect(page.getByText("Finished 14 steps.")).toBeVisible({ timeout: 120_000 });
  await page.getByRole("button", { name: "Chat before and after" }).click();
  const questions = [question, "What is the capital of France?", "Hello"];
  const answers = [];
  for (const asked of questions) {
    answers.push((await ask(page, asked))[1]);
    await page.getByRole("button", { name: "New conversation" }).click();
  }
  expect(answers[0]).toContain("cracker");

  await goTo(page, "Export");
  const zip = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download parrot as a zip" }).click();
  const path = info.outputPath("parrot.zip");
  await (await zip).saveAs(path);
  for (const [button, name] of [
    ["Metrics as CSV", "parrot-metrics.csv"],
    ["Metrics as JSON", "parrot-metrics.json"],
    ["Settings as run.json", "run.json"],
  ] as const) {
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: button }).click();
    const file = await download;
    expect(file.suggestedFilename()).toBe(name);
    const text = readFileSync(await file.path(), "utf8");
    if (name === "parrot-metrics.csv") expect(text.trim().split("\n").length).toBeGreaterThan(14);
    else expect(() => JSON.parse(text) as unknown).not.toThrow();
  }

  await goTo(page, "Runs");
  await page.getByRole("button", { name: "Delete everything" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete everything" }).click();
  await expect(page.getByText("No runs yet")).toBeVisible();
  await page.reload();
  await goTo(page, "Export");
  await expect(page.getByText("No adapters yet")).toBeVisible();

  await pickFiles(page, "Choose files", {
    name: "parrot.zip",
    mimeType: "application/zip",
    buffer: readFileSync(path),
  });
  await page.getByRole("button", { name: "Chat with parrot" }).click();
  for (const [i, asked] of questions.entries()) {
    expect((await ask(page, asked))[1]).toBe(answers[i]);
    await page.getByRole("button", { name: "New conversation" }).click();
  }

  // An adapter that was brought in can be trained further.
  await goTo(page, "Export");
  await page.getByRole("button", { name: "More for parrot" }).click();
  await page.getByRole("menuitem", { name: "Train it further" }).click();
  await openParrot(page);
  await startRun(page, { Steps: 2 });
  await expect(page.getByText("Finished 2 steps.")).toBeVisible({ timeout: 60_000 });
});

test("what is no adapter is refused with what was expected", async ({ page }) => {
  await goTo(page, "Export");
  await pickFiles(page, "Choose files", textFile("holiday.zip", "not a zip"));
  await expect(page.getByRole("alert")).toContainText(/holiday\.zip: .*zip/);
});

test("a second tab sees the run, can't start another, and takes nothing from it", async ({
  page,
  context,
}) => {
  await openParrot(page);
  await startRun(page, { Steps: 5000 });
  const other = await context.newPage();
  await openPage(other);
  await goTo(other, "Runs");
  await expect(other.getByText("Running", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Stop and keep" }).click();
  await expect(other.getByText("Stopped", { exact: true })).toBeVisible();
  await other.getByRole("button", { name: "Chat", exact: true }).click();
  expect(await ask(other, question)).toHaveLength(2);
});

test("settings go out as run.json and come back in, and a wrong one is named", async ({ page }) => {
  await openParrot(page);
  await goTo(page, "Train");
  const steps = page.getByRole("textbox", { name: "Steps", exact: true });
  await steps.fill("77");
  await steps.press("Enter");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save run.json" }).click();
  const saved = readFileSync(await (await download).path(), "utf8");
  await steps.fill("5");
  await steps.press("Enter");
  await pickFiles(page, "Load run.json", textFile("run.json", saved));
  await expect(steps).toHaveValue("77");
  await pickFiles(
    page,
    "Load run.json",
    textFile("run.json", saved.replace('"maxSteps": 77', '"maxSteps": -1')),
  );
  await expect(page.getByRole("alert")).toContainText("maxSteps");
  await expect(steps).toHaveValue("77");
  await steps.fill("many");
  await steps.press("Enter");
  await expect(page.getByText(/“many” can’t be used: a whole number/)).toBeVisible();
});
