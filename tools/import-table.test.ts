// The import table of eslint.config.js, shown to bite: imagined files in real folders import real files, and lint
// must refuse exactly those imports that the table forbids.

import { fileURLToPath } from "node:url";
import { ESLint } from "eslint";
import { describe, expect, it } from "vitest";

const repository = fileURLToPath(new URL("..", import.meta.url));
const eslint = new ESLint({
  cwd: repository,
  // Imagined files belong to no TypeScript project, so rules that ask for types can't run on them.
  overrideConfig: [
    {
      languageOptions: { parserOptions: { projectService: false } },
      rules: {
        "@typescript-eslint/await-thenable": "off",
        "@typescript-eslint/no-floating-promises": "off",
        "@typescript-eslint/no-misused-promises": "off",
      },
    },
  ],
});

/** The rules about imports that `code` breaks when it stands in `file`. */
async function brokenRules(file: string, code: string): Promise<(string | null)[]> {
  const [result] = await eslint.lintText(code, { filePath: `${repository}/${file}` });
  const messages = result!.messages.filter(
    ({ fatal, ruleId }) => fatal || /import|properties/.test(ruleId ?? ""),
  );
  return messages.map(({ ruleId, message, fatal }) => (fatal ? message : ruleId));
}

const table = "import-x/no-restricted-paths";
const names = "no-restricted-imports";

describe("lint refuses", () => {
  it.each([
    ["src/core/imagined.ts", "../data/tokenizer", table],
    ["src/gpu/imagined.ts", "../model/decoder", table],
    ["src/program/imagined.ts", "../ops/linear", table],
    ["src/program/imagined.ts", "../../shaders/matmul-shared.wgsl?raw", table],
    ["src/ops/imagined.ts", "../model/decoder", table],
    ["src/model/imagined.ts", "../gpu/device", table],
    ["src/model/families/imagined.ts", "../../hub/safetensors", table],
    ["src/train/imagined.ts", "../generate/sampler", table],
    ["src/train/imagined.ts", "../data/tokenizer", table],
    ["src/generate/imagined.ts", "../train/schedule", table],
    ["src/data/imagined.ts", "../gpu/device", table],
    ["src/data/formats/imagined.ts", "../../hub/safetensors", table],
    ["src/hub/imagined.ts", "../model/decoder", table],
    ["src/storage/imagined.ts", "../hub/safetensors", table],
    ["src/export/imagined.ts", "../gpu/device", table],
    ["src/engine/imagined.ts", "../headless/folder-source", table],
    ["src/app/imagined.tsx", "../ops/linear", table],
    ["src/app/features/imagined.tsx", "../../engine/open-decoder", table],
    ["src/engine/imagined.ts", "../testing/numbers", table],
    ["src/ops/imagined.ts", "./linear.ref", names],
    ["src/engine/imagined.ts", "node:fs", names],
    ["src/ops/imagined.check.ts", "node:fs", names],
    ["src/engine/imagined.ts", "webgpu", names],
  ])("in %s the import of %s", async (file, from, rule) => {
    expect(await brokenRules(file, `import * as it from ${JSON.stringify(from)};\nvoid it;\n`)).toEqual([
      rule,
    ]);
  });

  it("types from a forbidden room as well", async () => {
    const code =
      'export type { Gpu } from "../gpu/device";\nimport type { Tape } from "../program/tape";\nexport const it = (tape: Tape) => tape;\n';
    expect(await brokenRules("src/data/imagined.ts", code)).toEqual([table, table]);
  });

  it("a cycle, also through a test's helper", async () => {
    const code = 'import { floats } from "./op-check";\nexport const tolerance = floats;\n';
    expect(await brokenRules("src/testing/check.ts", code)).toContain("import-x/no-cycle");
  });

  it("navigator.gpu outside gpu/", async () => {
    expect(await brokenRules("src/engine/imagined.ts", "void navigator.gpu;\n")).toEqual([
      "no-restricted-properties",
    ]);
  });
});

describe("lint lets pass", () => {
  it.each([
    ["src/gpu/imagined.ts", "../core/errors"],
    ["src/ops/imagined.ts", "../../shaders/matmul-shared.wgsl?raw"],
    ["src/model/imagined.ts", "../ops/linear"],
    ["src/train/imagined.ts", "../model/decoder"],
    ["src/export/imagined.ts", "../hub/safetensors"],
    ["src/engine/imagined.ts", "../train/schedule"],
    ["src/headless/imagined.ts", "../engine/open-decoder"],
    ["src/headless/imagined.ts", "node:fs"],
    ["src/app/imagined.tsx", "../core/message"],
    ["src/data/imagined.test.ts", "../testing/numbers"],
    ["src/data/imagined.test.ts", "../hub/safetensors"],
    ["src/ops/imagined.check.ts", "../testing/op-check"],
    ["src/ops/imagined.check.ts", "./linear.ref"],
    ["src/ops/imagined.ref.ts", "../testing/numbers"],
    ["src/data/imagined.fixture.ts", "node:fs"],
  ])("in %s the import of %s", async (file, from) => {
    expect(await brokenRules(file, `import * as it from ${JSON.stringify(from)};\nvoid it;\n`)).toEqual([]);
  });
});
