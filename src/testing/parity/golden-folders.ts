// The golden folders on disk, one a configuration. Node only.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { folderSource } from "../../headless/folder-source";
import type { ModelSource } from "../../hub/model-source";

const root = "e2e/golden";

/** Sources of e2e/golden/<family>-<name>, in order of name. Run from the repository's root. */
export function goldenFolders(family: string): ModelSource[] {
  return readdirSync(root)
    .filter((name) => name.startsWith(`${family}-`))
    .sort()
    .map((name) => folderSource(join(root, name)));
}
