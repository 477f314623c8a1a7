// Which files of a repository a model needs, and in plain words why a repository is of no use. Looks at the list alone;
// the one file that it reads is the index of sharded weights.

import { AppError } from "../core/errors";
import { indexFile, parseIndex, singleFile } from "./open-weights";
import type { RepositoryFile } from "./repository";

export interface ModelFiles {
  /** Configuration, tokenizer, template, index: fetched first. */
  readonly small: readonly RepositoryFile[];
  readonly weights: readonly RepositoryFile[];
}

const needed = ["config.json", "tokenizer.json"];
const useful = [
  "generation_config.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "chat_template.jinja",
  "chat_template.json",
];
/** Bytes. The largest tokenizer.json in use has 34 MB. */
const largestSmallFile = { "config.json": 1e6, "tokenizer.json": 1e8, [indexFile]: 32e6 };
const LARGEST_OTHER = 16e6;

/**
 * `readIndex` gives the text of model.safetensors.index.json. Throws `unsupported-model` that says what is missing, or
 * `bad-model-file`.
 */
export async function chooseModelFiles(
  repository: string,
  page: string,
  files: readonly RepositoryFile[],
  readIndex: (file: RepositoryFile) => Promise<string>,
): Promise<ModelFiles> {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const refuse = (why: string): AppError => new AppError("unsupported-model", `${repository}: ${why}`);
  if (!byPath.has("config.json")) throw refuse(withoutConfig(byPath));
  const index = byPath.get(indexFile);
  const single = byPath.get(singleFile);
  if (!single && !index) throw refuse(withoutWeights(files, byPath, page));
  if (!byPath.has("tokenizer.json")) throw refuse(withoutTokenizer(byPath, page));

  const small = [...needed, ...useful, ...(single ? [] : [indexFile])]
    .map((path) => byPath.get(path))
    .filter((file) => file !== undefined);
  for (const { path, size } of small) {
    const most: number = largestSmallFile[path as keyof typeof largestSmallFile] ?? LARGEST_OTHER;
    if (size <= most) continue;
    throw new AppError(
      "bad-model-file",
      `${repository}/${path}: it has ${size} bytes; at most ${most} are read.`,
    );
  }
  if (single) return { small, weights: [single] };
  const places = parseIndex(await readIndex(index!), `${repository}/${indexFile}`);
  const weights = [...new Set(places.values())].sort().map((path) => {
    const file = byPath.get(path);
    if (file) return file;
    throw new AppError(
      "bad-model-file",
      `${repository}/${path}: ${indexFile} names it, but the repository has no such file. Look at ${page}/tree/main, or choose another revision.`,
    );
  });
  return { small, weights };
}

function withoutConfig(byPath: ReadonlyMap<string, RepositoryFile>): string {
  if (byPath.has("adapter_config.json")) {
    return "this is an adapter, not a model. Open the base model that its adapter_config.json names, then import the adapter in the Export room.";
  }
  if (byPath.has("params.json") || byPath.has("consolidated.safetensors")) {
    return "config.json is missing; these are its makers' original files. Look for the same model with “-hf” in its name, or in the transformers format.";
  }
  return "config.json is missing, so this is no transformers model. Choose a repository with config.json, tokenizer.json and .safetensors weights.";
}

function withoutWeights(
  files: readonly RepositoryFile[],
  byPath: ReadonlyMap<string, RepositoryFile>,
  page: string,
): string {
  const ending = (suffix: RegExp): RepositoryFile | undefined => files.find(({ path }) => suffix.test(path));
  const pickle = byPath.get("pytorch_model.bin") ?? ending(/^(pytorch_model.*\.bin.*|consolidated.*\.pth)$/);
  if (pickle) {
    return `its weights are a PyTorch pickle (${pickle.path}), which may run code when it is opened, so it is never read. Often a conversion to .safetensors waits as a proposal at ${page}/discussions: then give refs/pr/1 (its number) as the revision. Otherwise choose a repository with model.safetensors.`;
  }
  const gguf = ending(/\.gguf$/i);
  if (gguf) {
    return `it holds GGUF files (${gguf.path}), quantised for inference. Choose the repository that they were made from, which has model.safetensors.`;
  }
  const other = ending(/\.(onnx|h5|msgpack|tflite)$/) ?? ending(/\.safetensors$/);
  const found = other ? ` It holds ${other.path}, which is something else.` : "";
  return `neither ${singleFile} nor ${indexFile} is there.${found} Choose a repository in the transformers format.`;
}

function withoutTokenizer(byPath: ReadonlyMap<string, RepositoryFile>, page: string): string {
  const kinds: [string, string][] = [
    ["tokenizer.model", "only a SentencePiece model (tokenizer.model)"],
    ["vocab.json", "only the older vocab.json and merges.txt"],
    ["tekken.json", "only tekken.json"],
    ["vocab.txt", "only vocab.txt"],
  ];
  const has = kinds.find(([path]) => byPath.has(path))?.[1];
  return `tokenizer.json is missing${has ? `; it has ${has}` : ""}. Choose a repository of the same model that has one (an “-hf” or instruct version often does), or ask for it at ${page}/discussions.`;
}
