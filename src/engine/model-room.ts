// The one model that is open.

import { AppError } from "../core/errors";
import { referenceKey, type BuiltInReference, type ModelReference } from "../core/run-record";
import { fileSource, modelFolder } from "../hub/file-source";
import type { ModelSource } from "../hub/model-source";
import { webSource, type ListedFile } from "../hub/web-source";
import { notStored } from "../storage/model-store";
import type { Store } from "../storage/store";
import type { ModelSummary, OnProgress } from "./api";
import { openModel, type OpenedModel } from "./open-model";
import type { PageFiles } from "./page-files";

export interface OpenedReference extends OpenedModel {
  readonly reference: ModelReference;
}

interface ModelIndex {
  readonly models: readonly { readonly name: string; readonly files: readonly ListedFile[] }[];
}

export class ModelRoom {
  private current: Promise<OpenedReference> | undefined;
  /** Picked folders by their names. */
  private readonly folders = new Map<string, ModelSource>();

  constructor(
    private readonly page: PageFiles,
    private readonly store: Promise<Store>,
  ) {}

  /** Throws `bad-config` when none is open. */
  async opened(): Promise<OpenedReference> {
    const model = await this.current?.catch(() => undefined);
    if (model) return model;
    throw new AppError("bad-config", "No model is open. Open one in the Model room first.");
  }

  /** Keeps the model that is open when it is the one asked for. */
  async open(reference: ModelReference, onProgress?: OnProgress): Promise<OpenedReference> {
    const current = await this.current?.catch(() => undefined);
    if (current && isSame(current.reference, reference)) return current;
    const opening = this.read(reference, onProgress);
    this.current = opening;
    try {
      return await opening;
    } catch (error) {
      if (this.current === opening) this.current = current && Promise.resolve(current);
      throw error;
    }
  }

  /** A folder that is picked anew is read anew. */
  async openFolder(files: readonly File[]): Promise<OpenedReference> {
    const folder = modelFolder(files);
    const reference = { kind: "folder", name: folder.name } as const;
    this.folders.set(folder.name, fileSource(folder.name, folder.files));
    await this.close(reference);
    return this.open(reference);
  }

  async isOpen(reference: ModelReference): Promise<boolean> {
    const current = await this.current?.catch(() => undefined);
    return current !== undefined && isSame(current.reference, reference);
  }

  /** Closes the model if it is this one. */
  async close(reference: ModelReference): Promise<void> {
    if (await this.isOpen(reference)) this.current = undefined;
  }

  private async read(reference: ModelReference, onProgress?: OnProgress): Promise<OpenedReference> {
    if (reference.kind === "built-in") {
      return { ...(await openModel(await this.builtIn(reference, onProgress))), reference };
    }
    if (reference.kind === "folder") {
      const folder = this.folders.get(reference.name);
      if (folder) return { ...(await openModel(folder)), reference };
      throw new AppError(
        "file-missing",
        `The model is in the folder ${reference.name} on your disk, which the page can read only after you have picked it. Pick it again in the Model room.`,
      );
    }
    const { models } = await this.store;
    const record = await models.record(reference);
    if (!record?.isComplete) throw notStored(reference);
    const opened = await openModel(models.source(record));
    await models.touch(reference).catch(() => undefined); // a full storage is no reason not to open it
    return { ...opened, reference };
  }

  private async builtIn({ name }: BuiltInReference, onProgress?: OnProgress): Promise<ModelSource> {
    const { models } = await this.page.json<ModelIndex>("models/index.json");
    const model = models.find((entry) => entry.name === name);
    if (!model) {
      const known = models.map((entry) => entry.name).join(", ");
      throw new AppError("file-missing", `There is no built-in model ${name}. There is: ${known}.`);
    }
    const total = model.files.reduce((sum, { bytes }) => sum + bytes, 0);
    return webSource(name, await this.page.url(`models/${name}/`), model.files, {
      fetch: this.page.fetch,
      onBytes: (done) => onProgress?.({ task: "Model files", done, total, unit: "bytes" }),
    });
  }
}

function isSame(a: ModelReference, b: ModelReference): boolean {
  return a.kind === b.kind && referenceKey(a) === referenceKey(b);
}

export function modelSummary({ reference, name, decoder, chat }: OpenedReference): ModelSummary {
  const { config } = decoder;
  const tensors = [...decoder.weights.tensors.values()];
  const paths = [...decoder.adaptableLayers().keys()];
  return {
    reference,
    name,
    family: config.modelType,
    parameters: decoder.declare(1).parameters,
    bytes: tensors.reduce((sum, { begin, end }) => sum + end - begin, 0),
    layers: config.layers,
    hidden: config.hidden,
    heads: config.heads,
    keyValueHeads: config.kvHeads,
    vocabulary: config.vocabulary,
    positions: config.maxPositions,
    targetModules: [...new Set(paths.map((path) => path.slice(path.lastIndexOf(".") + 1)))],
    hasChatTemplate: chat.hasOwnTemplate,
  };
}
