// The golden folders on disk, one a configuration. Node only.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { folderSource } from "../../headless/folder-source";
import type { ModelSource } from "../../hub/model-source";
import type { BuiltinFiles } from "./builtin-parity";

const root = "e2e/golden";

/** Sources of e2e/golden/<family>-<name>, in order of name. Run from the repository's root. */
export function goldenFolders(family: string): ModelSource[] {
  return readdirSync(root)
    .filter((name) => name.startsWith(`${family}-`))
    .sort()
    .map((name) => folderSource(join(root, name)));
}

/** The built-in model, the sample datasets and e2e/golden/builtin-DATASET, one entry a dataset. */
export function builtinFolders(): BuiltinFiles[] {
  const start = folderSource(join(root, "builtin-start"));
  const model = folderSource("public/models/tabtune-3m");
  const datasets = folderSource("public/datasets");
  return goldenFolders("builtin")
    .filter(({ name }) => name !== start.name)
    .map((golden) => ({ model, datasets, start, golden }));
}
