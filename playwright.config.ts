// The page as a person uses it, in Chromium with its software adapter. The built page is served under a sub-path, since
// people host it where they have room.

import { defineConfig } from "@playwright/test";
import { findChromium } from "./tools/find-browsers.js";

const port = 4273;
const base = "/some/folder/";
const executablePath = findChromium();
const vite = "node node_modules/vite/bin/vite.js";

export default defineConfig({
  testDir: "e2e/page",
  outputDir: "out/test/page",
  forbidOnly: process.env["CI"] === "true",
  workers: 1,
  // A software adapter trains slowly. Nothing here measures time.
  timeout: 300_000,
  expect: { timeout: 20_000 },
  use: {
    baseURL: `http://localhost:${port}${base}`,
    locale: "en-GB",
    trace: "retain-on-failure",
    launchOptions: {
      ...(executablePath && { executablePath }),
      args: ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--no-sandbox"],
    },
  },
  webServer: {
    command: `${vite} build --logLevel error --outDir dist/page-test && ${vite} preview --outDir dist/page-test --base ${base} --port ${port} --strictPort`,
    url: `http://localhost:${port}${base}`,
    reuseExistingServer: process.env["CI"] !== "true",
    timeout: 120_000,
  },
});
