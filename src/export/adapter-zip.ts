// A PEFT adapter folder as one zip, in and out. What comes in is from strangers: only the files of an adapter are
// unpacked, names that lead out of the folder are refused, and so is what would unpack to far more than an adapter.

import { unzipSync, zipSync, type UnzipFileInfo } from "fflate";
import { AppError } from "../core/errors";
import type { AdapterFiles } from "./peft";

/** Largest adapter that is unpacked, in bytes. */
export const MOST_UNPACKED_BYTES = 2 ** 30;
/** Weights hardly compress; what shrinks further is no adapter, from this size on. */
const MOST_SHRINKAGE = 100;
const SHRINKAGE_COUNTS_FROM = 2 ** 24;

/** Files that are unpacked: an adapter's, and the pickle that is refused by name. */
const wanted = /^(adapter_config\.json|adapter_model\.(safetensors|bin)|README\.md)$/;

/** Stored, not deflated: float weights don't compress. */
export function zipAdapter(files: AdapterFiles): Uint8Array<ArrayBuffer> {
  return zipSync(Object.fromEntries(files), { level: 0, mtime: ZIP_EPOCH }) as Uint8Array<ArrayBuffer>;
}

/** The earliest date that a zip can hold: equal adapters give equal files. */
const ZIP_EPOCH = new Date(1980, 0, 1);

/** The adapter's files by their names, without the folder around them. Throws AppError("bad-adapter"). */
export function unzipAdapter(zip: Uint8Array, fileName: string): Map<string, Uint8Array> {
  const bad = (reason: string): AppError => new AppError("bad-adapter", `${fileName}: ${reason}.`);
  if (!(zip[0] === 0x50 && zip[1] === 0x4b)) {
    throw bad("this is no zip file. Choose the adapter's zip, or the files of its folder");
  }
  let folder: string | undefined;
  let total = 0;
  const refuse = ({ name, size, originalSize, compression }: UnzipFileInfo): boolean => {
    if (/(^|[\\/])\.\.([\\/]|$)|^[\\/]|^[A-Za-z]:|\\/.test(name)) {
      throw bad(`it holds a file that would lie outside its folder (${JSON.stringify(name.slice(0, 100))})`);
    }
    const cut = name.lastIndexOf("/") + 1;
    if (!wanted.test(name.slice(cut)) || name.startsWith("__MACOSX/")) return false;
    const within = name.slice(0, cut);
    if (name.endsWith("adapter_config.json") && folder !== undefined && folder !== within) {
      throw bad(
        `it holds several adapters (in ${JSON.stringify(folder)} and ${JSON.stringify(within)}). Choose one`,
      );
    }
    if (name.endsWith("adapter_config.json")) folder = within;
    if (compression !== 0 && compression !== 8) {
      throw bad(
        `${name} is packed in a way that can't be read (method ${compression}). Pack it as an ordinary zip`,
      );
    }
    total += originalSize;
    const shrinkage = originalSize / Math.max(1, size);
    if (total > MOST_UNPACKED_BYTES) {
      throw bad(
        `unpacked it would take more than ${MOST_UNPACKED_BYTES / 2 ** 30} GiB, which no adapter does`,
      );
    }
    if (originalSize > SHRINKAGE_COUNTS_FROM && shrinkage > MOST_SHRINKAGE) {
      throw bad(`${name} would grow ${Math.round(shrinkage)}-fold when unpacked, which no adapter does`);
    }
    return true;
  };
  let entries: Record<string, Uint8Array>;
  try {
    entries = unzipSync(zip, { filter: refuse });
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw bad(
      `the zip is damaged (${error instanceof Error ? error.message : String(error)}). Download or export it again`,
    );
  }
  const files = new Map<string, Uint8Array>();
  for (const [name, bytes] of Object.entries(entries)) {
    const within = name.slice(0, name.lastIndexOf("/") + 1);
    if (within === (folder ?? within)) files.set(name.slice(within.length), bytes);
  }
  return files;
}
