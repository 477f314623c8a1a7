// `npm start`: installs what is missing, builds the page, serves it to this machine alone and opens it in the browser.
// `npm start -- --port 5000 --no-open` takes another port and opens nothing.

import { installPackages, repository } from "./install-missing.js";

const usage = "usage: npm start [-- --port NUMBER] [--no-open]";
const options = process.argv.slice(2);
const portAt = options.indexOf("--port");
const port = portAt < 0 ? 4173 : Number(options[portAt + 1]);
const known = options.every((option, i) => option === "--no-open" || i === portAt || i === portAt + 1);
if (!known || !Number.isInteger(port) || port < 1 || port > 65_535) {
  console.error(usage);
  process.exit(2);
}

installPackages();
const { build, preview } = await import("vite");
await build({ root: repository, logLevel: "warn" });
// Another program may use the port; the next free one is taken then.
const server = await preview({
  root: repository,
  preview: { host: "localhost", port, open: !options.includes("--no-open") },
});
console.log("Tabtune is served to this machine alone, until Ctrl-C:");
server.printUrls();
