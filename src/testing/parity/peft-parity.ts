// The way out and back: an adapter trained here, written as a PEFT folder, loaded by peft in Python, must give the
// logits that it gives here. Runs where a Python with peft is at hand; the goldens need none.

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { layEndToEnd } from "../../core/batch";
import { fromFloat32, type HostTensor } from "../../core/host-tensor";
import { openDecoder } from "../../engine/open-decoder";
import { writePeftAdapter } from "../../export/peft";
import type { Gpu } from "../../gpu/device";
import type { ModelSource } from "../../hub/model-source";
import { writeSafetensors } from "../../hub/safetensors";
import { DecoderUnderTest } from "./decoder-under-test";
import { readGoldenCase } from "./golden-case";
import { LOGITS_LIMIT, type ParityResult } from "./model-parity";

/** $TABTUNE_PYTHON, or reference/.venv, if it has peft. */
export function findPython(): string | undefined {
  const candidates = [process.env["TABTUNE_PYTHON"], "reference/.venv/bin/python"];
  return candidates.find((python) => {
    if (!python || (python.includes("/") && !existsSync(python))) return false;
    try {
      execFileSync(python, ["-c", "import peft, torch"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  });
}

/** Writes the golden adapter anew and lets reference/golden/check_adapter.py load and run it. */
export async function peftParity(gpu: Gpu, source: ModelSource, python: string): Promise<ParityResult[]> {
  const golden = await readGoldenCase(source);
  const opened = await openDecoder(source);
  const positions = Math.max(...golden.documents.map(({ ids }) => ids.length));
  const subject = await DecoderUnderTest.open(gpu, opened, golden.lora, positions);
  const folder = mkdtempSync(join(tmpdir(), "tabtune-peft-"));
  try {
    subject.setAdapter(golden.adapter);
    const vocabulary = opened.config.vocabulary;
    const logits = new Map<string, HostTensor>();
    for (const [index, document] of golden.documents.entries()) {
      const values = await subject.logits(layEndToEnd([document]), "adapter");
      logits.set(`logits.${index}`, fromFloat32(values, [document.ids.length, vocabulary], "F32"));
    }
    const adapterFolder = join(folder, "adapter");
    mkdirSync(adapterFolder);
    const tensors = await subject.adapterTensors();
    const fanInFanOut = opened.config.transposedWeights;
    const config = { ...golden.lora, baseModel: source.name, fanInFanOut };
    const files = writePeftAdapter({ config, tensors });
    for (const [name, bytes] of files) writeFileSync(join(adapterFolder, name), bytes);
    writeFileSync(join(folder, "logits.safetensors"), writeSafetensors(logits, {}));
    const documents = golden.documents.map(({ ids }) => ({ ids: [...ids] }));
    const caseFile = join(folder, "case.json");
    writeFileSync(caseFile, JSON.stringify({ documents, logits: "logits.safetensors" }));
    const script = "reference/golden/check_adapter.py";
    const parameters = [script, join("e2e/golden", source.name), adapterFolder, caseFile];
    const { measured } = JSON.parse(execFileSync(python, parameters, { encoding: "utf8" })) as {
      measured: number;
    };
    const check = "logits in peft of the adapter written here";
    return [
      { family: opened.config.modelType, configuration: source.name, check, measured, limit: LOGITS_LIMIT },
    ];
  } finally {
    subject.dispose();
    rmSync(folder, { recursive: true });
  }
}
