// What the commands have in common that compare files with a Python library.

import { findPython } from "./parity/peft-parity";

/** The files and folders of the command line, and the Python to compare with; ends the process without them. */
export function referenceCommand(usage: string): {
  readonly places: readonly string[];
  readonly python: string;
} {
  const places = process.argv.slice(2);
  if (places.length === 0 || places.includes("--help")) {
    process.stdout.write(usage);
    process.exit(places.length === 0 ? 2 : 0);
  }
  const python = findPython();
  if (!python) {
    process.stderr.write(
      "There is no Python with peft: run `npm run reference`, or name one as TABTUNE_PYTHON.\n",
    );
    process.exit(2);
  }
  return { places, python };
}
