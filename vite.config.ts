import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts"],
    // Two cores: GPU tests share one software adapter, so files run one after the other.
    fileParallelism: false,
    testTimeout: 120_000,
  },
});
