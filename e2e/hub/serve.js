// Serves the local Hub until it is ended: `node e2e/hub/serve.js [PORT]`. It holds the built-in model as
// tabtune/tabtune-3m and, as tabtune/generated-100m, a llama of about 100 MB in three files.

import { createRepository, folderFiles, generatedModel } from "./repository.js";
import { startHub } from "./server.js";

const files = folderFiles("public/models/tabtune-3m");
const tokenizer = files.filter(({ path }) => /token|template|generation/.test(path));
const shape = {
  layers: 8,
  hidden: 768,
  feedForward: 2048,
  heads: 12,
  keyValueHeads: 4,
  vocabulary: 4096,
  shards: 3,
};
const { endpoint } = await startHub({
  port: Number(process.argv[2] ?? 8787),
  repositories: [
    createRepository("tabtune/tabtune-3m", files, { licence: "apache-2.0" }),
    createRepository("tabtune/generated-100m", generatedModel(shape, tokenizer), { licence: "mit" }),
  ],
});
console.log(`${endpoint} holds tabtune/tabtune-3m and tabtune/generated-100m`);
