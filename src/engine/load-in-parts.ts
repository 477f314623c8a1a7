// Weights from storage to the GPU without ever holding a large tensor: a matrix that is kept as it is in the file goes
// up in parts of a few megabytes. Everything else (norms, biases, weights that a family turns around) is left to the
// model's own loader.

import type { Weights } from "../hub/open-weights";
import type { DeclaredModel, Load } from "../model/weights/declare";
import { loadModel, modelTensors } from "../model/weights/load";
import { wordsPerElement, type Weight } from "../ops/weight";
import type { Memory } from "../program/memory";

/** Bytes read at once. */
const PART_BYTES = 4 * 1024 * 1024;
/** Smaller ones are read whole. */
const LARGE_BYTES = 2 * 1024 * 1024;
/**
 * Bytes that may wait for the GPU before it is waited for: what writeBuffer takes is copied, and stays until the copy
 * has run.
 */
const WAITING_BYTES = 32 * 1024 * 1024;

/** As `loadModel`. `partBytes` and `largeBytes` are for tests. */
export async function loadInParts(
  memory: Memory,
  model: DeclaredModel,
  weights: Weights,
  onLoaded: (share: number) => void = () => undefined,
  { partBytes = PART_BYTES, largeBytes = LARGE_BYTES } = {},
): Promise<void> {
  const sizeOf = (load: Load): number => {
    const { begin, end } = weights.tensors.get(load.source)!;
    return end - begin;
  };
  const isLarge = (load: Load): load is PlainLoad =>
    isPlain(load) && sizeOf(load) >= largeBytes && sizeOf(load) === bytesOf(load.weight);
  const large = model.loads.filter(isLarge);
  const rest = model.loads.filter((load) => !isLarge(load));
  const total = model.loads.reduce((sum, load) => sum + sizeOf(load), 0);
  const restBytes = rest.reduce((sum, load) => sum + sizeOf(load), 0);
  await memory.allocate(modelTensors(model));
  await loadModel(memory, { ...model, loads: rest }, weights, (share) =>
    onLoaded((share * restBytes) / total),
  );
  let done = restBytes;
  let waiting = 0;
  for (const load of large) {
    const rowBytes = load.weight.cols * wordsPerElement[load.weight.format] * 4;
    for (const { firstRow, rows, tensor } of load.weight.parts) {
      const base = firstRow * rowBytes;
      const bytes = rows * rowBytes;
      for (let at = 0; at < bytes;) {
        const until = Math.min(bytes, at + Math.max(4, partBytes - (partBytes % 4)));
        const part = await weights.readPart(load.source, base + at, base + until);
        memory.write(tensor, wordsOf(part), at / 4);
        done += until - at;
        waiting += until - at;
        at = until;
        onLoaded(done / total);
        if (waiting < WAITING_BYTES) continue;
        await memory.gpu.finished();
        waiting = 0;
      }
    }
  }
}

type PlainLoad = Load & { readonly weight: Weight };

/** Kept as it is in the file: whatever else a load may say (that it is transposed, say) is false. */
function isPlain(load: Load): load is PlainLoad {
  return (
    "weight" in load &&
    Object.entries<unknown>(load).every(
      ([key, value]) => key === "source" || key === "weight" || value === false,
    )
  );
}

function bytesOf({ rows, cols, format }: Weight): number {
  return rows * cols * wordsPerElement[format] * 4;
}

/** The bytes as words, copied only where they don't begin at a word. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const { buffer, byteOffset, length } = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
  return new Uint32Array(buffer, byteOffset, length / 4);
}
