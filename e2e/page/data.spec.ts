// Own data: the forms that people have, and the files that are not what they seem.

import { writeFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { expectRows, goTo, openDatasetFile, openPage, pickFiles, textFile } from "./person";

const alpaca = [
  { instruction: "What is the opposite of hot?", input: "", output: "Cold." },
  { instruction: "Add the numbers.", input: "2 and 3", output: "5" },
];
const shareGpt = [
  {
    conversations: [
      { from: "human", value: "Hello" },
      { from: "gpt", value: "Ahoy, sailor!" },
      { from: "human", value: "Who are you?" },
      { from: "gpt", value: "The captain." },
    ],
  },
];
const promptAndCompletion = [
  { prompt: "2 + 2?", completion: "4" },
  { prompt: "3 + 3?", completion: "6" },
  { prompt: "4 + 4?", completion: "8" },
];
const jsonl = (rows: readonly object[]): string => rows.map((row) => JSON.stringify(row)).join("\n");

test.beforeEach(async ({ page }) => openPage(page));

test("an Alpaca file is recognised and shown as trained and read tokens", async ({ page }) => {
  await openDatasetFile(page, textFile("mine.json", JSON.stringify(alpaca)));
  await expectRows(page, 2);
  await expect(page.getByRole("definition").filter({ hasText: "Alpaca" }).first()).toBeVisible();
  const rows = page.getByRole("region", { name: "Rows as the model gets them" });
  await expect(rows.getByRole("row").nth(1)).toContainText("2 and 3");
});

test("a ShareGPT conversation trains every answer in it", async ({ page }) => {
  await openDatasetFile(page, textFile("chats.json", JSON.stringify(shareGpt)));
  await expectRows(page, 1);
  await expect(page.getByText(/ShareGPT/).first()).toBeVisible();
  const trained = page.getByTitle(/, trained$/);
  await expect(trained.first()).toBeVisible();
  const text = (await trained.allInnerTexts()).join("");
  expect(text).toMatch(/sailor.*captain/s);
  expect(text).not.toMatch(/Hello|Who/);
});

test("JSON Lines can be dropped, and pasted", async ({ page }) => {
  await goTo(page, "Data");
  const transfer = await page.evaluateHandle((text) => {
    const made = new DataTransfer();
    made.items.add(new File([text], "dropped.jsonl"));
    return made;
  }, jsonl(promptAndCompletion));
  await page.getByRole("group", { name: "Drop a file with your examples" }).dispatchEvent("drop", {
    dataTransfer: transfer,
  });
  await expectRows(page, 3);

  await page.evaluate((text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", text);
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true }));
  }, jsonl(alpaca));
  await expectRows(page, 2);
  await expect(page.getByRole("heading", { name: "pasted.jsonl" })).toBeVisible();
});

test("byte-order mark and CRLF do no harm", async ({ page }) => {
  const text = `\ufeff${jsonl(promptAndCompletion).replaceAll("\n", "\r\n")}\r\n`;
  await openDatasetFile(page, textFile("windows.jsonl", text));
  await expectRows(page, 3);
});

test("a broken line is named, the others are used, and the list can be taken away", async ({ page }) => {
  const lines = jsonl(promptAndCompletion).split("\n");
  lines.splice(1, 0, '{"prompt": "5 + 5?", "completion": ');
  await openDatasetFile(page, textFile("broken.jsonl", lines.join("\n")));
  await expectRows(page, 3);
  await expect(page.getByText("1 row can’t be used")).toBeVisible();
  const problems = page.getByRole("region", { name: "Rows that can’t be used" });
  await expect(problems.getByRole("row").nth(1)).toContainText(/^22.*JSON/);
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: /Download/ }).click();
  expect((await download).suggestedFilename()).toBe("problems.jsonl");
});

test("where three rows of ten are bad, seven are used", async ({ page }) => {
  const rows = Array.from({ length: 10 }, (_, i) =>
    i % 3 === 2 ? { prompt: `${i}?` } : { prompt: `${i}?`, completion: String(i) },
  );
  await openDatasetFile(page, textFile("thirty.jsonl", jsonl(rows)));
  await expectRows(page, 7);
  await expect(page.getByText("3 rows can’t be used")).toBeVisible();
});

for (const [what, file, message] of [
  ["an empty file", textFile("empty.jsonl", ""), /empty\.jsonl: the file is empty/],
  [
    "a binary file",
    {
      name: "photo.jsonl",
      mimeType: "image/png",
      buffer: Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 0, 1]),
    },
    /photo\.jsonl: the file is (a PNG|binary|an image)/i,
  ],
  [
    "a JSON file that breaks off",
    textFile("cut.json", JSON.stringify(alpaca).slice(0, -9)),
    /cut\.json: .*line 1/,
  ],
  ["rows of no known form", textFile("odd.jsonl", '{"a": 1}\n{"a": 2}'), /odd\.jsonl/],
] as const) {
  test(`${what} is refused in plain words, and what was open stays open`, async ({ page }) => {
    await openDatasetFile(page, textFile("good.json", JSON.stringify(alpaca)));
    await expectRows(page, 2);
    await pickFiles(page, "Choose a file", file);
    await expect(page.getByRole("alert")).toContainText(message);
    await expect(page.getByRole("heading", { name: "good.json" })).toBeVisible();
    await expectRows(page, 2);
  });
}

test("a file of 100 MB opens, with progress that can be stopped", async ({ page }, info) => {
  const row = `${JSON.stringify({ prompt: "Tell me a long story. ".repeat(20), completion: "Once upon a time. ".repeat(92) })}\n`;
  const rows = Math.ceil(1e8 / row.length);
  const path = info.outputPath("large.jsonl");
  writeFileSync(path, row.repeat(rows));
  await goTo(page, "Data");
  const dialog = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await (await dialog).setFiles(path);
  const usable = page.getByRole("definition").filter({ hasText: rows.toLocaleString("en") });
  await expect(usable).toBeVisible({ timeout: 60_000 });
  const progress = page.getByText(/rows\/s · .* left/);
  await expect(progress).toBeVisible({ timeout: 60_000 });
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByRole("group", { name: "Drop a file with your examples" })).toBeVisible();
});
