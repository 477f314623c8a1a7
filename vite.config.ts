// Builds of the commands that run under Node (`vite build --ssr`), and the test tiers that Vitest runs. A test's tier
// is read off its name and room, so that no test can be left out: what is in no other tier is a unit test.

import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";

const gpu = ["src/{gpu,program,ops}/**/*.gpu.test.ts", "src/testing/*.gpu.test.ts"];
const headless = ["{src,e2e}/headless/**/*.test.ts"];

const project = (name: string, include: string[], exclude: string[]): TestProjectInlineConfiguration => ({
  extends: true,
  test: { name, include, exclude },
});

export default defineConfig({
  build: { target: "node20" },
  test: {
    projects: [
      project("unit", ["{src,tools}/**/*.test.ts"], ["**/*.gpu.test.ts", ...headless]),
      project("gpu", gpu, []),
      project("model", ["src/**/*.gpu.test.ts"], [...gpu, ...headless]),
      project("headless", headless, []),
    ],
    // Two cores: GPU tests share one software adapter, so files run one after the other.
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
