// A model folder that the person opened from their disk. Files are read where they lie, a slice at a time.

import { AppError } from "../core/errors";
import type { ModelSource } from "./model-source";

/** `files` are those of one folder; of a picked folder tree, the files beside its config.json. */
export function fileSource(name: string, files: readonly File[]): ModelSource {
  const byName = new Map(files.map((file) => [file.name, file]));
  const fileOf = (wanted: string): File => {
    const file = byName.get(wanted);
    if (file) return file;
    const found = [...byName.keys()].slice(0, 8).join(", ");
    throw new AppError(
      "file-missing",
      `${name}: ${wanted} is missing; the folder has ${found || "no files"}. Choose the folder of a model in the transformers format, with config.json, tokenizer.json and .safetensors weights.`,
    );
  };
  const bytesOf = async (file: string, begin: number, end?: number): Promise<ArrayBuffer> => {
    try {
      return await fileOf(file).slice(begin, end).arrayBuffer();
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError(
        "file-missing",
        `${name}/${file} can't be read. It may have changed or moved; choose the folder again.`,
        { cause },
      );
    }
  };
  return {
    name,
    has: async (file) => byName.has(file),
    text: async (file) => new TextDecoder().decode(await bytesOf(file, 0)),
    read: async (file, begin, end) => new Uint8Array(await bytesOf(file, begin, end)),
    size: async (file) => fileOf(file).size,
  };
}

/** The folder with the config.json that lies highest in what was picked: its name, and its files without those below. */
export function modelFolder(files: readonly File[]): {
  readonly name: string;
  readonly files: readonly File[];
} {
  const pathOf = (file: File): string => file.webkitRelativePath || file.name;
  const folderOf = (file: File): string => pathOf(file).slice(0, -file.name.length);
  const depth = (folder: string): number => folder.split("/").length;
  const [folder = ""] = files
    .filter(({ name }) => name === "config.json")
    .map(folderOf)
    .sort((a, b) => depth(a) - depth(b));
  return {
    name: folder.split("/").at(-2) ?? "Picked files",
    files: files.filter((file) => folderOf(file) === folder),
  };
}
