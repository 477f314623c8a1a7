// For everybody: by keyboard, on a phone, with a screen reader's rules, in light and dark, without WebGPU.

import { AxeBuilder } from "@axe-core/playwright";
import { chromium, expect, test, type Page } from "@playwright/test";
import {
  ask,
  expectRows,
  goTo,
  lastAnswers,
  openDatasetFile,
  openPage,
  startRun,
  textFile,
  type RoomName,
} from "./person";

const rooms: readonly RoomName[] = ["Model", "Data", "Train", "Chat", "Export", "Runs"];
/** With a row that can't be used, so that the list of problems is there too. */
const data = textFile(
  "small.jsonl",
  [1, 2, 3, 4].map((i) => JSON.stringify({ prompt: `${i}?`, completion: `**${i}**` })).join("\n") +
    '\n{"prompt":',
);

async function expectNoFinding(page: Page, where: string): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const words = grave.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("\n")}`);
  expect(words, where).toEqual([]);
}

async function expectFits(page: Page, where: string): Promise<void> {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(over, `${where} is wider than the window`).toBeLessThanOrEqual(0);
}

test("axe finds nothing serious in any room, empty and full, light and dark, wide and narrow", async ({
  page,
}) => {
  await openPage(page);
  const look = async (state: string): Promise<void> => {
    for (const room of rooms) {
      await goTo(page, room);
      await page.waitForTimeout(300); // what fades in has its colour
      for (const [colorScheme, width] of [
        ["light", 1440],
        ["dark", 390],
      ] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await page.setViewportSize({ width, height: 900 });
        await expectNoFinding(page, `${room}, ${state}, ${colorScheme}`);
        await expectFits(page, `${room}, ${state}`);
      }
      await page.setViewportSize({ width: 1440, height: 900 });
    }
  };
  await look("empty");
  await openDatasetFile(page, data);
  await expectRows(page, 4);
  await startRun(page, { Steps: 1000 });
  await look("a run under way");
  await goTo(page, "Train");
  await page.getByText("All settings").click();
  await expectNoFinding(page, "all settings");
  await page.getByRole("button", { name: "Stop and keep" }).click();
  await page.getByRole("button", { name: "Chat before and after" }).click();
  await ask(page, "| a | b |\n|---|---|\n| 1 | 2 |");
  await goTo(page, "Runs");
  await page.getByRole("button", { name: "Details" }).click();
  await expectNoFinding(page, "a run's details");
  await page.getByRole("button", { name: "Delete everything" }).click();
  await expectNoFinding(page, "a question before deleting");
  await page.keyboard.press("Escape");
  await look("after a run");
});

test("everything goes by keyboard alone", async ({ page }) => {
  await openPage(page);
  /** Presses Tab until the focus is on what bears this name. */
  const tabTo = async (name: RegExp): Promise<void> => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press("Tab");
      const focused = await page.evaluate(() => {
        const element = document.activeElement as HTMLElement;
        const label = element.getAttribute("aria-label") ?? "";
        const labelled = (element as HTMLInputElement).labels?.[0]?.innerText ?? "";
        return label || labelled || element.innerText;
      });
      if (name.test(focused)) return;
    }
    throw new Error(`${name} can't be reached with Tab`);
  };
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to content" })).toBeFocused();
  await tabTo(/^Data/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Data" })).toBeFocused();
  await tabTo(/Facts about Brindle Bay/);
  await page.keyboard.press("Enter");
  await expectRows(page, 42);
  await tabTo(/^Go to Train/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Train" })).toBeFocused();
  await tabTo(/^Steps$/);
  await page.keyboard.press("ControlOrMeta+A");
  await page.keyboard.type("3");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByRole("textbox", { name: "Steps", exact: true })).toHaveValue("2");
  await expect(page.getByRole("button", { name: "Start training" })).toBeEnabled({ timeout: 60_000 });
  await page.getByRole("heading", { level: 1, name: "Train" }).focus();
  await tabTo(/^Start training/);
  await page.keyboard.press("Enter");
  await expect(page.getByText("Finished 2 steps.")).toBeVisible({ timeout: 60_000 });
  await page.getByRole("heading", { level: 1, name: "Train" }).focus();
  await tabTo(/^Chat before and after/);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Chat" })).toBeFocused();
  await tabTo(/^Your question/);
  await page.keyboard.type("Hello");
  await page.keyboard.press("Shift+Enter");
  await page.keyboard.type("there");
  await expect(page.getByRole("textbox", { name: "Your question" })).toHaveValue("Hello\nthere");
  await expect(page.getByRole("button", { name: "Send" })).toBeEnabled();
  await page.keyboard.press("Enter");
  expect(await lastAnswers(page)).toHaveLength(2);
  // What is spoken to a screen reader is the whole answer, once.
  await expect(page.getByRole("status").filter({ hasText: "answers:" })).toContainText("tabtune-3m");
  await expect(page.getByRole("textbox", { name: "Your question" })).toBeFocused();
  await page.keyboard.press("ArrowUp");
  await expect(page.getByRole("textbox", { name: "Your question" })).toHaveValue("Hello\nthere");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("textbox", { name: "Your question" })).toHaveValue("");
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });

  test("the whole path is there, and nothing sticks out", async ({ page }) => {
    await openPage(page);
    for (const room of rooms) {
      await goTo(page, room);
      await expectFits(page, room);
    }
    await openDatasetFile(page, data);
    await expectRows(page, 4);
    await expectFits(page, "Data with a dataset");
    await startRun(page, { Steps: 3 });
    await expect(page.getByText("Finished 3 steps.")).toBeVisible({ timeout: 60_000 });
    await expectFits(page, "Train with a run");
    await page.getByRole("button", { name: "Chat before and after" }).tap();
    expect(await ask(page, "Hello")).toHaveLength(2);
    await expectFits(page, "Chat with answers");
    const box = await page.getByRole("textbox", { name: "Your question" }).boundingBox();
    const bar = await page.getByRole("navigation", { name: "Rooms" }).boundingBox();
    expect(box!.y + box!.height).toBeLessThanOrEqual(bar!.y);
  });
});

test("without WebGPU the page says so at once, and what needs none still works", async ({
  baseURL,
}, info) => {
  const { executablePath } = info.project.use.launchOptions ?? {};
  const browser = await chromium.launch({
    ...(executablePath && { executablePath }),
    args: ["--no-sandbox", "--disable-gpu", "--disable-features=WebGPU", "--disable-blink-features=WebGPU"],
  });
  try {
    const context = await browser.newContext({ baseURL: baseURL! });
    const page = await context.newPage();
    await page.goto("./");
    await expect(page.getByText("Training and chat need WebGPU, which is not available here")).toBeVisible();
    await expect(page.getByRole("button", { name: "Try it with the sample" })).toBeHidden();
    await expectNoFinding(page, "Model without WebGPU");
    await openDatasetFile(page, data);
    await expectRows(page, 4);
    await goTo(page, "Train");
    await expect(page.getByText("This room needs WebGPU")).toBeVisible();
    await expect(page.getByRole("button", { name: "Start training" })).toBeDisabled();
    await goTo(page, "Chat");
    await expect(page.getByRole("button", { name: "Send" })).toBeDisabled();
    await goTo(page, "Runs");
    await expect(page.getByText("No runs yet")).toBeVisible();
  } finally {
    await browser.close();
  }
});

test("where the engine's script can't be loaded, the page says so instead of waiting", async ({ page }) => {
  await page.route(/worker.*\.js$/, (route) => route.abort());
  await page.goto("./");
  await expect(page.getByRole("alert")).toContainText("The engine's script could not be loaded.");
  await expect(page.getByRole("button", { name: "Reload the page" })).toBeVisible();
});
