// Lint: strict TypeScript and the import table of ARCHITECTURE.md, written once as data. tools/import-table.test.ts
// shows that the table bites.

import importX from "eslint-plugin-import-x";
import { createTypeScriptImportResolver } from "eslint-import-resolver-typescript";
import tseslint from "typescript-eslint";

const engineRooms = [
  "gpu",
  "program",
  "ops",
  "model",
  "train",
  "generate",
  "data",
  "hub",
  "storage",
  "export",
];

/**
 * Room → rooms it may import, beside itself. The table in ARCHITECTURE.md is this object.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
const imports = {
  core: [],
  gpu: ["core"],
  program: ["core", "gpu"],
  ops: ["core", "gpu", "program", "shaders"],
  model: ["core", "program", "ops"],
  train: ["core", "gpu", "program", "ops", "model"],
  generate: ["core", "gpu", "program", "ops", "model"],
  data: ["core"],
  hub: ["core"],
  storage: ["core"],
  export: ["core", "hub", "model"],
  engine: ["core", ...engineRooms],
  headless: ["core", ...engineRooms, "engine"],
  app: ["core", "engine"],
};

/** Of the engine, the page sees these files alone. */
const engineDoor = ["./api.ts", "./client.ts"];

/** They stand beside the product and may import any room; no product file may import them. */
const besideProduct = ["test", "check", "ref", "fixture"];

const rooms = Object.keys(imports);
const zones = rooms.flatMap((room) => {
  const allowed = imports[room] ?? [];
  const zone = {
    target: `./src/${room}/**/!(*.${besideProduct.join("|*.")}).{ts,tsx}`,
    message: `${room} may import only ${allowed.join(", ") || "itself"} (the table stands in eslint.config.js)`,
  };
  const closed = [...rooms, "testing"].filter((other) => other !== room && !allowed.includes(other));
  const from = closed.map((other) => `./src/${other}`);
  if (!allowed.includes("shaders")) from.push("./shaders");
  return [
    { ...zone, from },
    ...(room === "app" ? [{ ...zone, from: "./src/engine", except: engineDoor }] : []),
  ];
});

const productImports = {
  group: besideProduct.map((kind) => `**/*.${kind}`),
  message: "Tests, checks, references and made-up data are no part of the product.",
};
const nodeImports = {
  regex: "^(node:|webgpu$)",
  message: "This file runs in browsers too; only headless/ and gpu/node-gpu.ts know Node.",
};
export default tseslint.config(
  { ignores: ["dist/", "out/", "node_modules/", "reference/", "public/"] },
  ...tseslint.configs.strict,
  {
    files: ["**/*.{ts,tsx,js}"],
    plugins: { "import-x": importX },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    settings: {
      ...importX.flatConfigs.typescript.settings, // without these no-cycle follows no TypeScript import
      "import-x/resolver-next": [createTypeScriptImportResolver()],
    },
    rules: {
      "import-x/no-restricted-paths": ["error", { zones }],
      "import-x/no-cycle": "error",
      "import-x/no-default-export": "error",
      "@typescript-eslint/await-thenable": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
      "@typescript-eslint/no-non-null-assertion": "off",
    },
  },
  {
    files: ["src/**/*.{ts,tsx}"],
    rules: {
      "no-restricted-imports": ["error", { patterns: [productImports, nodeImports] }],
      "no-restricted-properties": [
        "error",
        { object: "navigator", property: "gpu", message: "Only gpu/ says navigator.gpu: call browserGpu()." },
      ],
    },
  },
  { files: ["src/gpu/device.ts"], rules: { "no-restricted-properties": "off" } },
  {
    files: ["src/**/*.{check,ref}.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [nodeImports] }] },
  },
  {
    files: ["src/headless/**", "src/gpu/node-gpu.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [productImports] }] },
  },
  // What of testing/ runs in browsers is kept free of Node by the build of e2e/parity.
  { files: ["**/*.{test,fixture}.ts", "src/testing/**"], rules: { "no-restricted-imports": "off" } },
  { files: ["*.config.{ts,js}"], rules: { "import-x/no-default-export": "off" } },
);
