// Lint: strict TypeScript and the import table of ARCHITECTURE.md, written once as data.
import importX from "eslint-plugin-import-x";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import tseslint from "typescript-eslint";

/** Room → rooms it may import, beside itself. The table in ARCHITECTURE.md is this object. */
const imports = {
  core: [],
  gpu: ["core"],
  program: ["core", "gpu"],
  ops: ["core", "gpu", "program"],
  model: ["core", "program", "ops"],
  train: ["core", "gpu", "program", "ops", "model"],
  generate: ["core", "gpu", "program", "ops", "model"],
  data: ["core"],
  hub: ["core"],
  storage: ["core"],
  export: ["core", "hub", "model"],
  engine: ["core", "gpu", "program", "ops", "model", "train", "generate", "data", "hub", "storage", "export"],
  headless: ["core", "gpu", "program", "ops", "model", "train", "generate", "data", "hub", "storage", "export", "engine"],
  app: ["core", "engine"],
};

const rooms = Object.keys(imports);
const zones = rooms.map((room) => ({
  target: [`./src/${room}/**/!(*.test|*.check).{ts,tsx}`],
  from: [...rooms, "testing"].filter((other) => other !== room && !imports[room].includes(other)).map((other) => `./src/${other}`),
  message: `${room} may import only: ${imports[room].join(", ") || "nothing"} (the table stands in eslint.config.js)`,
}));

export default tseslint.config(
  { ignores: ["dist/", "out/", "node_modules/", "reference/"] },
  ...tseslint.configs.strict,
  {
    files: ["**/*.{ts,tsx,js}"],
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createTypeScriptImportResolver()] },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  { files: ["*.config.{ts,js}"], rules: { "import-x/no-default-export": "off" } },
);
