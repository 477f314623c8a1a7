// The command `parity:tokenizers`: the ids of tokenizer.json files against those of the Rust library, on 12,000 texts
// each. Needs Python with `tokenizers` (reference/).

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createTokenizer, type Tokenizer } from "../../data/tokenizer";
import { referenceCommand } from "../reference-command";
import { trickyTexts } from "./texts";

const TEXTS = 12_000;
const SEED = 7;
const usage = "parity:tokenizers FILE|FOLDER …: compare tokenizer.json files with the Rust library\n";

const { places, python } = referenceCommand(usage);

let failed = 0;
for (const file of places.flatMap(tokenizersIn)) {
  const told = compare(file, python);
  failed += told.differences > 0 ? 1 : 0;
  process.stdout.write(`${told.differences > 0 ? "FAIL " : "ok   "} ${file}: ${told.words}\n`);
}
process.exit(failed > 0 ? 1 : 0);

function tokenizersIn(place: string): string[] {
  if (!statSync(place).isDirectory()) return [place];
  return readdirSync(place, { recursive: true })
    .map((name) => join(place, String(name)))
    .filter((name) => /tokenizer[^/]*\.json$/.test(name) && !name.endsWith("tokenizer_config.json"))
    .sort();
}

function compare(file: string, command: string): { readonly differences: number; readonly words: string } {
  const text = readFileSync(file, "utf8");
  let tokenizer: Tokenizer;
  try {
    tokenizer = createTokenizer({ tokenizer: text });
  } catch (error) {
    return { differences: 0, words: `refused here: ${(error as Error).message}` };
  }
  const texts = trickyTexts(TEXTS, SEED, [...tokenizer.specialTokens.keys()].slice(0, 40));
  const answer = spawnSync(command, ["reference/tokenizers/encode.py"], {
    input: JSON.stringify({ file, texts }),
    encoding: "utf8",
    maxBuffer: 2 ** 30,
  });
  if (answer.status !== 0) throw new Error(answer.stderr);
  const expected = JSON.parse(answer.stdout) as
    { readonly error: string } | { readonly ids: number[][]; readonly special: number[][] };
  if ("error" in expected) return { differences: 0, words: `refused by the Rust library: ${expected.error}` };
  let differences = 0;
  let first = "";
  texts.forEach((one, i) => {
    for (const addSpecial of [false, true]) {
      const ids = [...tokenizer.encode(one, { addSpecial })];
      const wanted = (addSpecial ? expected.special : expected.ids)[i]!;
      if (ids.join() === wanted.join()) continue;
      differences++;
      first ||= `; first: ${JSON.stringify(one)} gives ${ids.join(" ")}, not ${wanted.join(" ")}`;
    }
  });
  return { differences, words: `${differences} of ${2 * TEXTS} differ${first}` };
}
