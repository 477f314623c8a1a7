// A model from a Hub, on this machine: looked at, streamed, interrupted, trained, and opened again without the Hub.

import { expect, test, type Page } from "@playwright/test";
import { createRepository, folderFiles } from "../hub/repository.js";
import { startHub } from "../hub/server.js";
import { ask, expectRows, goTo, openDatasetFile, openPage, startRun, textFile } from "./person";

const repository = "somebody/small-model";
const gated = "somebody/gated-model";
const files = folderFiles("public/models/tabtune-3m");
const data = textFile(
  "small.jsonl",
  [1, 2, 3, 4].map((i) => JSON.stringify({ prompt: `${i}?`, completion: `${i}` })).join("\n"),
);

async function useMirror(page: Page, endpoint: string): Promise<void> {
  await page.getByText("Access token and mirror", { exact: true }).click();
  await page.getByRole("textbox", { name: "Mirror" }).fill(endpoint);
  await page.getByRole("button", { name: "Use it and reload" }).click();
  await page.waitForLoadState();
  await expect(page.getByText("Software GPU, slow")).toBeVisible();
}

async function lookAt(page: Page, name: string): Promise<void> {
  await page.getByRole("textbox", { name: "Repository" }).fill(name);
  await page.getByRole("textbox", { name: "Repository" }).press("Enter");
}

test("a repository is looked at, streamed over a reload, trained, and opened again without the Hub", async ({
  page,
}) => {
  const hub = await startHub({
    repositories: [createRepository(repository, files, { licence: "apache-2.0" })],
    bytesPerSecond: 1_500_000,
  });
  try {
    await openPage(page);
    await useMirror(page, hub.endpoint);
    await lookAt(page, `${hub.endpoint}/${repository}/tree/main`);
    const plan = page.getByRole("region", { name: `What ${repository} takes` });
    await expect(plan).toContainText("apache-2.0");
    await expect(plan).toContainText(/GPU memory to train[\d.]+ MB/);
    const fetched = hub.log.filter(({ url }) => url.includes("model.safetensors"));
    expect(fetched.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThan(100_000); // headers, no weights

    await plan.getByRole("button", { name: /^Download [\d.]+ MB/ }).click();
    await expect(plan.getByText(/MB\/s · .* left/)).toBeVisible();
    await page.reload();
    const stored = page.getByRole("list", { name: "Models in this browser" });
    await expect(stored.getByText(/ of [\d.]+ MB, \d+(\.\d)? %/)).toBeVisible();
    await stored.getByRole("button", { name: "Go on" }).click();
    await expect(page.getByRole("link", { name: "Model small-model" })).toBeVisible({ timeout: 60_000 });
  } finally {
    await hub.close();
  }

  // From here on there is no Hub.
  await page.reload();
  await expect(page.getByRole("link", { name: "Model small-model" })).toBeVisible();
  await openDatasetFile(page, data);
  await expectRows(page, 4);
  await startRun(page, { Steps: 10 });
  await expect(page.getByText("Finished 10 steps.")).toBeVisible({ timeout: 60_000 });
  await page.getByRole("button", { name: "Chat before and after" }).click();
  expect(await ask(page, "What is the capital of France?")).toHaveLength(2);

  await goTo(page, "Model");
  await page.getByRole("button", { name: "Open tabtune-3m" }).click();
  await page.getByRole("button", { name: `Delete ${repository}` }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Delete model" }).click();
  await expect(page.getByRole("list", { name: "Models in this browser" })).toBeHidden();
});

test("a gated repository says what is missing, and opens with a token that is kept nowhere", async ({
  page,
}) => {
  const hub = await startHub({
    repositories: [createRepository(gated, files, { licence: "apache-2.0", gated: "manual" })],
    tokens: { hf_granted: [gated] },
  });
  try {
    await openPage(page);
    await useMirror(page, hub.endpoint);
    await lookAt(page, gated);
    await expect(page.getByRole("alert")).toContainText(gated);
    await expect(page.getByRole("alert")).toContainText(/token/);
    await page.getByText("Access token and mirror", { exact: true }).click();
    await page.getByLabel("Access token", { exact: true }).fill("hf_granted");
    await page.getByRole("button", { name: "Use it", exact: true }).click();
    await expect(page.getByPlaceholder("one is in use")).toBeVisible();
    await lookAt(page, gated);
    await expect(page.getByRole("region", { name: `What ${gated} takes` })).toBeVisible();
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    expect(kept).not.toContain("hf_granted");
    expect(hub.log.filter(({ origin, authorization }) => origin === "cdn" && authorization)).toEqual([]);

    await lookAt(page, "somebody/no-such-model");
    await expect(page.getByRole("alert")).toContainText("somebody/no-such-model");
    await lookAt(page, "not a repository");
    await expect(page.getByText(/A repository is written OWNER\/NAME/)).toBeVisible();
  } finally {
    await hub.close();
  }
});

test("a model folder from the disk is opened, trained, and asked for again after a reload", async ({
  page,
}) => {
  await openPage(page);
  const dialog = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a folder" }).click();
  await (await dialog).setFiles("public/models/tabtune-3m");
  await expect(page.getByText("A folder on this computer")).toBeVisible();
  await openDatasetFile(page, data);
  await expectRows(page, 4);
  await startRun(page, { Steps: 1000 });
  await page.reload();
  await expect(page.getByRole("link", { name: "Model tabtune-3m" })).toBeVisible(); // the built-in one
  await goTo(page, "Runs");
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByRole("alert")).toContainText("Pick it again in the Model room");

  await goTo(page, "Model");
  const wrong = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a folder" }).click();
  await (await wrong).setFiles("public/datasets");
  await expect(page.getByRole("alert")).toContainText("config.json is missing");
});
