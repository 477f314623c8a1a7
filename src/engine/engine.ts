// The engine behind the page: composes the rooms and says which of them may be busy at once. Knows neither Worker nor
// Comlink; the GPU, the page's files, storage and locks are given to it.

import { AppError } from "../core/errors";
import type { RunEvent } from "../core/metrics";
import type { RunConfig } from "../core/run-config";
import type { AdapterRecord, HubReference, ModelReference, RunRecord } from "../core/run-record";
import type { Gpu } from "../gpu/device";
import { Store } from "../storage/store";
import { AdapterLibrary } from "./adapter-library";
import type {
  AnswerEnd,
  AnswerRequest,
  ChatSummary,
  DatasetSummary,
  EngineApi,
  ExportedFile,
  GpuSummary,
  HubRequest,
  HubSettings,
  ModelPlan,
  ModelSummary,
  OnDownload,
  OnProgress,
  RunListener,
  RunPlan,
  RunStart,
  SampleDataset,
  StorageSummary,
  StoredModel,
  TokenizedRow,
  TokenizedSummary,
} from "./api";
import { ChatRoom } from "./chat-room";
import { DatasetRoom, datasetSummary } from "./dataset-room";
import { GpuRoom, summaryOf } from "./gpu-room";
import { HubRoom, type HubRoomOptions } from "./hub-room";
import { Locks } from "./locks";
import { ModelRoom, modelSummary } from "./model-room";
import { PageFiles } from "./page-files";
import { RunLibrary } from "./run-library";
import { RunRoom } from "./run-room";
import { tell, throttledProgress } from "./throttle";

export interface EngineParts {
  readonly openGpu: () => Promise<Gpu>;
  /** Folder of the page, beside which models/ and datasets/ lie. */
  readonly base: URL | Promise<URL>;
  readonly fetch?: typeof fetch;
  readonly store?: Promise<Store>;
  readonly locks?: LockManager | undefined;
  /** Tells other tabs that something was stored. */
  readonly channel?: BroadcastChannel | undefined;
  readonly hub?: HubRoomOptions;
}

export class Engine implements EngineApi {
  private readonly store: Promise<Store>;
  private readonly gpu: GpuRoom;
  private readonly models: ModelRoom;
  private readonly hub: HubRoom;
  private readonly datasets: DatasetRoom;
  private readonly adapterLibrary: AdapterLibrary;
  private readonly runLibrary: RunLibrary;
  private readonly runRoom: RunRoom;
  private readonly chat: ChatRoom;
  private readonly storedListeners = new Set<() => void>();
  private readonly channel: BroadcastChannel | undefined;

  constructor(parts: EngineParts) {
    const page = new PageFiles(parts.base, parts.fetch);
    const locks = new Locks(parts.locks);
    const store = parts.store ?? Store.open();
    this.store = store;
    this.gpu = new GpuRoom(parts.openGpu, store);
    this.models = new ModelRoom(page, store);
    this.datasets = new DatasetRoom(page, store, locks);
    this.adapterLibrary = new AdapterLibrary(store);
    this.runLibrary = new RunLibrary(store, locks);
    const onStored = (): void => this.announce();
    this.hub = new HubRoom({ gpu: this.gpu, store, locks, onStored, options: parts.hub });
    this.runRoom = new RunRoom({
      gpu: this.gpu,
      models: this.models,
      datasets: this.datasets,
      adapters: this.adapterLibrary,
      runs: this.runLibrary,
      store,
      locks,
      onStored,
    });
    this.chat = new ChatRoom(this.gpu, this.adapterLibrary);
    this.channel = parts.channel;
    this.channel?.addEventListener("message", () => this.tellStored());
  }

  async openGpu(): Promise<GpuSummary> {
    const gpu = await this.gpu.open();
    // Measured in the background, so that plans soon tell how long a run takes.
    this.gpu.tuning().catch(() => undefined);
    return summaryOf(gpu);
  }

  async openModel(reference: ModelReference, onProgress?: OnProgress): Promise<ModelSummary> {
    const open = await this.models.open(reference, throttledProgress(onProgress));
    return modelSummary(open);
  }

  async openFolder(files: readonly File[]): Promise<ModelSummary> {
    return modelSummary(await this.models.openFolder(files));
  }

  async setHub(settings: HubSettings): Promise<void> {
    this.hub.set(settings);
  }

  inspectModel(request: HubRequest, config?: RunConfig): Promise<ModelPlan> {
    return this.hub.inspect(request, config);
  }

  downloadModel(reference: HubReference, onProgress?: OnDownload): Promise<StoredModel> {
    return this.hub.download(reference, onProgress);
  }

  pauseDownload(reference: HubReference): Promise<void> {
    return this.hub.pause(reference);
  }

  async cancelDownload(reference: HubReference): Promise<void> {
    await this.hub.cancel(reference);
    this.announce();
  }

  storedModels(): Promise<readonly StoredModel[]> {
    return this.hub.list();
  }

  async deleteModel(reference: HubReference): Promise<void> {
    if (this.runRoom.isUnderWay && (await this.models.isOpen(reference))) {
      throw new AppError("busy", "A run uses this model. Stop it or wait for its end, then delete it.");
    }
    await this.hub.delete(reference);
    await this.models.close(reference);
    this.announce();
  }

  async openDataset(file: File, onProgress?: OnProgress): Promise<DatasetSummary> {
    return datasetSummary(await this.datasets.open(file, onProgress));
  }

  async openSampleDataset(file: string): Promise<DatasetSummary> {
    return datasetSummary(await this.datasets.openSample(file));
  }

  sampleDatasets(): Promise<readonly SampleDataset[]> {
    return this.datasets.samples();
  }

  async reopenDataset(sha256: string): Promise<DatasetSummary> {
    return datasetSummary(await this.datasets.reopen(sha256));
  }

  closeDataset(): Promise<void> {
    return this.datasets.close();
  }

  async tokenizeDataset(config: RunConfig, onProgress?: OnProgress): Promise<TokenizedSummary> {
    const tokenized = await this.datasets.tokenize(await this.models.opened(), config, onProgress);
    return this.datasets.tokenizedSummary(tokenized);
  }

  async tokenizedRows(first: number, count: number): Promise<readonly TokenizedRow[]> {
    return this.datasets.rows(await this.models.opened(), first, count);
  }

  async problemsFile(): Promise<Blob> {
    return this.datasets.problemsFile();
  }

  planRun(config: RunConfig): Promise<RunPlan> {
    return this.runRoom.plan(config);
  }

  async train(start: RunStart, listener: RunListener): Promise<RunRecord> {
    this.refuseWhileTraining("Another run is under way. Stop it first, or wait for its end.");
    // Begun before anything is awaited, so that of two calls the second is refused.
    return this.runRoom.train(start, listener, () => this.chat.close());
  }

  async pauseRun(): Promise<void> {
    this.runRoom.pause();
  }

  async continueRun(): Promise<void> {
    this.runRoom.continue();
  }

  async stopRun(): Promise<void> {
    this.runRoom.stop();
  }

  runs(): Promise<readonly RunRecord[]> {
    return this.runLibrary.list();
  }

  metrics(run: string): Promise<readonly RunEvent[]> {
    return this.runLibrary.metrics(run);
  }

  async renameRun(run: string, name: string): Promise<void> {
    await this.runLibrary.rename(run, name);
    this.announce();
  }

  async deleteRun(run: string): Promise<void> {
    await this.runLibrary.delete(run);
    await this.datasets.dropUnused();
    this.announce();
  }

  async onStored(listener: () => void): Promise<void> {
    this.storedListeners.add(listener);
  }

  adapters(): Promise<readonly AdapterRecord[]> {
    return this.adapterLibrary.list();
  }

  async deleteAdapter(adapter: string): Promise<void> {
    await this.adapterLibrary.delete(adapter);
    this.announce();
  }

  async importAdapter(files: readonly File[]): Promise<AdapterRecord> {
    const record = await this.adapterLibrary.import(files, await this.models.opened());
    this.announce();
    return record;
  }

  exportAdapter(adapter: string): Promise<ExportedFile> {
    return this.adapterLibrary.export(adapter);
  }

  exportMetrics(run: string, format: "csv" | "json"): Promise<ExportedFile> {
    return this.runLibrary.export(run, format);
  }

  async openChat(adapters: readonly string[], onProgress?: OnProgress): Promise<ChatSummary> {
    const model = await this.models.opened();
    this.refuseWhileTraining("A run is under way. Stop it or wait for its end, then chat.");
    return this.chat.open(model, adapters, onProgress);
  }

  closeChat(): Promise<void> {
    return this.chat.close();
  }

  answer(request: AnswerRequest, onPart: (text: string) => void): Promise<AnswerEnd> {
    return this.chat.answer(request, onPart);
  }

  async stopAnswers(): Promise<void> {
    this.chat.stop();
  }

  async storage(): Promise<StorageSummary> {
    return (await this.store).usage();
  }

  async clearStorage(): Promise<void> {
    if (this.runRoom.isUnderWay || (await this.runLibrary.isAnyUnderWay())) {
      throw new AppError(
        "busy",
        "A run is under way, here or in another tab. Stop it before you clear the storage.",
      );
    }
    if (await this.hub.isDownloading()) {
      throw new AppError(
        "busy",
        "A model is being downloaded, here or in another tab. Pause it before you clear the storage.",
      );
    }
    await (await this.store).clear();
    this.announce();
  }

  private refuseWhileTraining(message: string): void {
    if (this.runRoom.isUnderWay) throw new AppError("busy", message);
  }

  private announce(): void {
    this.channel?.postMessage("stored");
    this.tellStored();
  }

  private tellStored(): void {
    for (const listener of this.storedListeners) void tell(listener);
  }
}
