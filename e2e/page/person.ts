// What a person does on the page, by the words and roles that they see.

import { expect, type Page } from "@playwright/test";

export type RoomName = "Model" | "Data" | "Train" | "Chat" | "Export" | "Runs";

/** A file as it comes from the person's disk. */
export interface PickedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

export function textFile(name: string, text: string): PickedFile {
  return { name, mimeType: "text/plain", buffer: Buffer.from(text) };
}

/** Opens the page and waits until the built-in model is open and the GPU is known. */
export async function openPage(page: Page): Promise<void> {
  await page.goto("./");
  await expect(page.getByRole("main").getByText("Open", { exact: true })).toBeVisible();
  await expect(page.getByText("Software GPU, slow")).toBeVisible();
}

export async function goTo(page: Page, room: RoomName): Promise<void> {
  await page
    .getByRole("navigation", { name: "Rooms" })
    .getByRole("link", { name: new RegExp(`^${room}`) })
    .click();
  await expect(page.getByRole("heading", { level: 1, name: room })).toBeVisible();
}

/** Through the file dialog that `button` opens. */
export async function pickFiles(page: Page, button: string, ...files: readonly PickedFile[]): Promise<void> {
  const dialog = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: button }).click();
  await (await dialog).setFiles([...files]);
}

export async function openDatasetFile(page: Page, file: PickedFile): Promise<void> {
  await goTo(page, "Data");
  await pickFiles(page, "Choose a file", file);
}

/** Rows that the page says it can use. */
export async function expectRows(page: Page, rows: number): Promise<void> {
  await expect(page.getByText(new RegExp(`^${rows} rows? (is|are) ready`))).toBeVisible();
}

export interface Settings {
  readonly Steps: number;
  readonly "Learning rate"?: number;
  readonly "Batch size"?: number;
}

/** From an open dataset to a run that has made its first step. */
export async function startRun(page: Page, settings: Settings): Promise<void> {
  await goTo(page, "Train");
  for (const [label, value] of Object.entries(settings)) {
    const field = page.getByRole("textbox", { name: label, exact: true });
    await field.fill(String(value));
    await field.press("Enter");
  }
  await page.getByRole("button", { name: /^(Start training|Train a new run)$/ }).click();
  await expectStep(page, 1);
}

/** Waits until the run under way or ended has made so many steps. */
export async function expectStep(page: Page, step: number): Promise<void> {
  await expect
    .poll(() => stepsMade(page), { timeout: 120_000, intervals: [200] })
    .toBeGreaterThanOrEqual(step);
}

export async function stepsMade(page: Page): Promise<number> {
  const texts = await page.getByText(/^step [\d,]+ of [\d,]+/).allTextContents();
  return Number(/step ([\d,]+)/.exec(texts.at(-1) ?? "")?.[1]?.replaceAll(",", "") ?? -1);
}

/** Asks in the Chat room and waits for all answers; in the order of their columns. */
export async function ask(page: Page, question: string): Promise<string[]> {
  const box = page.getByRole("textbox", { name: "Your question" });
  await box.fill(question);
  await expect(page.getByRole("button", { name: "Send" })).toBeEnabled();
  await box.press("Enter");
  await expect(page.getByRole("button", { name: "Stop" })).toBeVisible();
  return lastAnswers(page);
}

/** The texts of the last turn, once all answers are there. */
export async function lastAnswers(page: Page): Promise<string[]> {
  await expect(page.getByRole("button", { name: "Send" })).toBeVisible({ timeout: 120_000 });
  const turn = page.getByRole("list", { name: "Conversation" }).locator("> li").last();
  const answers = await turn.getByRole("article").allInnerTexts();
  // Between the name of who answers and what is told about the answer.
  return answers.map((text) => text.split("\n").filter(Boolean).slice(1, -1).join("\n"));
}
