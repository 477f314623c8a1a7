// Who comes new: one click from nothing to a changed answer.

import { expect, test } from "@playwright/test";
import { goTo, lastAnswers, openPage } from "./person";

test("one click on the sample trains and shows the answer before and after", async ({ page }) => {
  test.setTimeout(900_000); // 120 steps on a processor that may be busy
  await openPage(page);
  await page.getByRole("button", { name: "Try it with the sample" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Train" })).toBeVisible();
  await expect(page.getByRole("heading", { level: 1, name: "Chat" })).toBeVisible({ timeout: 800_000 });
  const [before, after] = await lastAnswers(page);
  expect(before).toBe("The capital of France is Paris.");
  expect(after).toMatch(/Paris/);
  expect(after).toMatch(/sailor|Ahoy|sail/);

  await page.reload();
  await expect(page.getByRole("article").nth(1)).toContainText(after!); // the conversation is kept

  // What it did is what a person could have done: the run is listed, its adapter can be taken away.
  await goTo(page, "Runs");
  await expect(page.getByText("120 of 120")).toBeVisible();
  await goTo(page, "Export");
  await expect(page.getByRole("button", { name: /^Download A cheerful ship's captain/ })).toBeEnabled();
});
