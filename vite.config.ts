// The page's build, builds of the commands that run under Node (`vite build --ssr`), and the test tiers that Vitest
// runs. A test's tier is read off its name and room, so that no test can be left out: what is in no other tier is a
// unit test.

import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const gpu = ["src/{gpu,program,ops}/**/*.gpu.test.ts", "src/testing/*.gpu.test.ts"];
const headless = ["{src,e2e}/headless/**/*.test.ts"];

const project = (name: string, include: string[], exclude: string[]): TestProjectInlineConfiguration => ({
  extends: true,
  test: { name, include, exclude },
});

/** The development server puts scripts and styles of its own into the page, which the page's policy refuses. */
const noPolicyInDevelopment: Plugin = {
  name: "no-policy-in-development",
  apply: "serve",
  transformIndexHtml: (html) => html.replace(/<meta\s+http-equiv="Content-Security-Policy"[^>]*>/, ""),
};

export default defineConfig(({ isSsrBuild }) => ({
  base: "./", // the page works wherever its folder lies
  plugins: [react(), noPolicyInDevelopment],
  build: isSsrBuild
    ? { target: "node20" }
    : {
        outDir: "dist/page",
        emptyOutDir: true,
        // Older than any browser with WebGPU: without it the page still opens, and says so.
        target: ["es2022", "chrome105", "firefox115", "safari16"],
        modulePreload: { polyfill: false },
      },
  worker: { format: "es" as const },
  test: {
    projects: [
      project("unit", ["{src,tools,e2e/hub}/**/*.test.ts"], ["**/*.gpu.test.ts", ...headless]),
      project("gpu", gpu, []),
      project("model", ["src/**/*.gpu.test.ts"], [...gpu, ...headless]),
      project("headless", headless, []),
    ],
    // Two cores: GPU tests share one software adapter, so files run one after the other.
    fileParallelism: false,
    testTimeout: 120_000,
    expect: { poll: { timeout: 30_000 } },
  },
}));
