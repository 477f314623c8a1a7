// Models of Hubs: looked at, downloaded, listed and deleted. Of several tabs that want one model, one fetches and the
// others follow its progress in storage; a Web Lock says who, and passes to another tab when that one closes.

import { AppError } from "../core/errors";
import { defaultRunConfig, type RunConfig } from "../core/run-config";
import { DEFAULT_HUB, referenceKey, type HubReference } from "../core/run-record";
import { CHUNK_BYTES, download } from "../hub/download";
import { HubClient, parseEndpoint, stopped, type HubOptions, type Waiting } from "../hub/hub-client";
import type { ModelRecord, StoredFile } from "../storage/model-store";
import type { Store } from "../storage/store";
import type { HubRequest, HubSettings, ModelPlan, OnDownload, StoredModel } from "./api";
import { DownloadMeter } from "./download-meter";
import type { GpuRoom } from "./gpu-room";
import { hasherHere, type Hasher } from "./hasher";
import { DOWNLOAD_LOCKS, downloadLock, type Locks, type Unlock } from "./locks";
import { chatMemory, forecastRun, surveyModel, type Survey } from "./model-survey";
import { openChat, openModel } from "./open-model";
import { SpeedLog } from "./speed-log";
import { tell } from "./throttle";

export interface HubRoomParts {
  readonly gpu: GpuRoom;
  readonly store: Promise<Store>;
  readonly locks: Locks;
  readonly onStored: () => void;
  readonly options?: HubRoomOptions | undefined;
}

export interface HubRoomOptions extends Pick<HubOptions, "fetch" | "sleep" | "silenceMilliseconds"> {
  /** On this thread when absent. */
  readonly newHasher?: () => Hasher;
  /** From here on for tests. */
  readonly chunkBytes?: number;
  readonly connections?: number;
  /** Between two looks at another tab's download. */
  readonly lookMilliseconds?: number;
}

interface Download {
  readonly abort: AbortController;
  readonly listeners: Set<OnDownload>;
  readonly result: Promise<StoredModel>;
}

const LOOK_MILLISECONDS = 500;
const SURVEYS_KEPT = 8;

export class HubRoom {
  private settings: HubSettings = {};
  /** Asks the endpoint that is set; others are asked without the token. */
  private readonly clients = new Map<string, HubClient>();
  private readonly surveys = new Map<string, Survey>();
  private readonly downloads = new Map<string, Download>();
  private readonly speeds: SpeedLog;

  constructor(private readonly parts: HubRoomParts) {
    this.speeds = new SpeedLog(parts.store);
  }

  set(settings: HubSettings): void {
    const client = new HubClient({ ...this.parts.options, ...settings });
    this.settings = settings;
    this.clients.clear();
    this.clients.set(client.endpoint.href, client);
    this.surveys.clear();
  }

  async inspect(request: HubRequest, config: RunConfig = defaultRunConfig): Promise<ModelPlan> {
    const client = this.client(this.settings.endpoint);
    const survey = await surveyModel(client, request.repository, request.revision?.trim() || "main");
    this.keep(survey);
    const { reference, pinned, decoder, bytes } = survey;
    const { models } = await this.parts.store;
    const record = await models.record(reference);
    const presentBytes = record ? await models.presentBytes(record) : 0;
    const forecast = forecastRun(survey, config);
    const storageLeft = await this.storageLeft();
    const seconds = forecast.work && (await this.secondsOf(reference.name, forecast.work));
    const obstacles = [
      forecast.obstacle,
      storageLeft !== undefined && bytes - presentBytes > storageLeft
        ? `The download needs ${megabytes(bytes - presentBytes)}, and the browser has room for ${megabytes(storageLeft)}. Delete models or runs that you don't need, or free disk space.`
        : undefined,
    ].filter((obstacle) => obstacle !== undefined);
    const paths = [...decoder.adaptableLayers().keys()];
    return {
      reference,
      ...(pinned.licence && { licence: pinned.licence }),
      isGated: pinned.isGated,
      isPrivate: pinned.isPrivate,
      family: decoder.config.modelType,
      parameters: decoder.declare(1).parameters,
      layers: decoder.config.layers,
      hidden: decoder.config.hidden,
      vocabulary: decoder.config.vocabulary,
      positions: decoder.config.maxPositions,
      targetModules: [...new Set(paths.map((path) => path.slice(path.lastIndexOf(".") + 1)))],
      bytes,
      presentBytes,
      isStored: record?.isComplete === true,
      ...(storageLeft !== undefined && { storageLeft }),
      ...(forecast.training && { training: forecast.training }),
      chatMemory: chatMemory(survey),
      ...(seconds !== undefined && { secondsPerThousandTokens: seconds }),
      lighterRuns: forecast.lighterRuns,
      obstacles,
    };
  }

  /** Calls for one model share one download. */
  download(reference: HubReference, onProgress?: OnDownload): Promise<StoredModel> {
    const key = referenceKey(reference);
    let current = this.downloads.get(key);
    if (!current) {
      const abort = new AbortController();
      const listeners = new Set<OnDownload>();
      const meter = new DownloadMeter((progress) =>
        Promise.all([...listeners].map((listener) => tell(() => listener(progress)))),
      );
      const result = this.carryOut(reference, abort.signal, meter).finally(async () => {
        await meter.end();
        this.downloads.delete(key);
        this.parts.onStored();
      });
      current = { abort, listeners, result };
      this.downloads.set(key, current);
    }
    if (onProgress) current.listeners.add(onProgress);
    return current.result;
  }

  /** Resolves when it has come to rest. */
  async pause(reference: HubReference): Promise<void> {
    const current = this.downloads.get(referenceKey(reference));
    current?.abort.abort();
    await current?.result.catch(() => undefined);
  }

  async cancel(reference: HubReference): Promise<void> {
    await this.pause(reference);
    await this.delete(reference);
  }

  /** Throws `busy` while another tab downloads it. */
  async delete(reference: HubReference): Promise<void> {
    await this.pause(reference);
    const unlock = await this.parts.locks.take(downloadLock(referenceKey(reference)), "exclusive");
    if (!unlock) {
      throw new AppError(
        "busy",
        `${reference.repository} is being downloaded in another tab. Pause it there first.`,
      );
    }
    try {
      await (await this.parts.store).models.delete(reference);
    } finally {
      unlock();
    }
  }

  async list(): Promise<StoredModel[]> {
    const { models } = await this.parts.store;
    const held = await this.parts.locks.heldNames();
    return Promise.all(
      (await models.list()).map(async (record) =>
        this.stored(record, held.has(downloadLock(referenceKey(record.reference)))),
      ),
    );
  }

  /** In this tab or another. */
  async isDownloading(): Promise<boolean> {
    if (this.downloads.size > 0) return true;
    return [...(await this.parts.locks.heldNames())].some((name) => name.startsWith(DOWNLOAD_LOCKS));
  }

  private async carryOut(
    reference: HubReference,
    signal: AbortSignal,
    meter: DownloadMeter,
  ): Promise<StoredModel> {
    const { models } = await this.parts.store;
    const known = await models.record(reference);
    if (known?.isComplete) return this.stored(known, false);
    const unlock = await this.turn(reference, signal, meter);
    try {
      const record = await models.record(reference);
      if (record?.isComplete) return await this.stored(record, false);
      return await this.stored(await this.fetch(reference, record, signal, meter), false);
    } finally {
      unlock();
    }
  }

  /** Follows another tab's download until that is over, however it ends. */
  private async turn(reference: HubReference, signal: AbortSignal, meter: DownloadMeter): Promise<Unlock> {
    const { locks, store, options } = this.parts;
    const { models } = await store;
    for (;;) {
      if (signal.aborted) throw stopped();
      const unlock = await locks.take(downloadLock(referenceKey(reference)), "exclusive");
      if (unlock) return unlock;
      const record = await models.record(reference);
      if (record) meter.elsewhere(await models.presentBytes(record), bytesOf(record.files));
      await new Promise((resolve) => setTimeout(resolve, options?.lookMilliseconds ?? LOOK_MILLISECONDS));
    }
  }

  private async fetch(
    reference: HubReference,
    known: ModelRecord | undefined,
    signal: AbortSignal,
    meter: DownloadMeter,
  ): Promise<ModelRecord> {
    const store = await this.parts.store;
    const { models } = store;
    const client = this.client(reference.endpoint);
    const onWait = (waiting: Waiting): void => meter.wait(waiting);
    await models.sweep();
    const record = known ?? (await this.begin(reference, client, signal, onWait));
    const total = bytesOf(record.files);
    const chunks = models.chunkStore(record);
    const hasher = (this.parts.options?.newHasher ?? hasherHere)();
    const options = {
      signal,
      onWait,
      addToHash: hasher.add,
      chunkBytes: record.chunkBytes,
      ...(this.parts.options?.connections && { connections: this.parts.options.connections }),
    };
    const small = record.files.filter(({ path }) => !isWeight(path));
    const earlier = await models.presentBytes(record, isWeight);
    const source = models.source(record);
    try {
      // What may turn the model down comes first.
      const onSmall = (present: number): void => meter.here(earlier + present, total);
      await download(client, reference, small, chunks, { ...options, onBytes: onSmall });
      await openChat(source);
      const onBytes = (present: number): void => meter.here(present, total);
      await download(client, reference, record.files, chunks, { ...options, onBytes });
      await openModel(source);
    } catch (error) {
      // Of no use however often it is fetched.
      const isOfNoUse = error instanceof AppError && /^(unsupported-model|bad-model-file)$/.test(error.name);
      if (isOfNoUse) await models.delete(reference);
      throw error;
    } finally {
      hasher.dispose();
    }
    return models.complete(reference);
  }

  private async begin(
    reference: HubReference,
    client: HubClient,
    signal: AbortSignal,
    onWait: (waiting: Waiting) => void,
  ): Promise<ModelRecord> {
    const { models } = await this.parts.store;
    const survey =
      this.surveys.get(referenceKey(reference)) ??
      (await surveyModel(client, reference.repository, reference.commit, { signal, onWait }));
    const { files, pinned } = survey;
    return models.begin({
      reference: survey.reference,
      files: [...files.small, ...files.weights],
      chunkBytes: this.parts.options?.chunkBytes ?? CHUNK_BYTES,
      ...(pinned.licence && { licence: pinned.licence }),
      startedAt: Date.now(),
      usedAt: Date.now(),
      isComplete: false,
    });
  }

  private client(endpoint: string | undefined): HubClient {
    const { href } = parseEndpoint(endpoint ?? DEFAULT_HUB);
    const known = this.clients.get(href);
    if (known) return known;
    const isTheSetOne = href === parseEndpoint(this.settings.endpoint ?? DEFAULT_HUB).href;
    const { token } = this.settings;
    const client = new HubClient({
      ...this.parts.options,
      endpoint: href,
      ...(isTheSetOne && token !== undefined && { token }),
    });
    this.clients.set(href, client);
    return client;
  }

  private keep(survey: Survey): void {
    this.surveys.set(referenceKey(survey.reference), survey);
    const [oldest] = this.surveys.keys();
    if (this.surveys.size > SURVEYS_KEPT && oldest !== undefined) this.surveys.delete(oldest);
  }

  private async stored(record: ModelRecord, isDownloading: boolean): Promise<StoredModel> {
    const { reference, files, licence, isComplete, startedAt, usedAt } = record;
    const bytes = bytesOf(files);
    const { models } = await this.parts.store;
    return {
      reference,
      ...(licence && { licence }),
      bytes,
      presentBytes: isComplete ? bytes : await models.presentBytes(record),
      isComplete,
      isDownloading,
      startedAt,
      usedAt,
    };
  }

  private async storageLeft(): Promise<number | undefined> {
    const usage = await (await this.parts.store).usage().catch(() => undefined);
    return usage && usage.quota > 0 ? Math.max(0, usage.quota - usage.usage) : undefined;
  }

  private async secondsOf(
    name: string,
    work: Parameters<SpeedLog["seconds"]>[2],
  ): Promise<number | undefined> {
    const { gpu } = this.parts;
    const tuning = await gpu.knownTuning();
    return tuning && (await this.speeds.seconds(await gpu.key(), name, work, tuning.multiplyAddsPerSecond));
  }
}

function isWeight(path: string): boolean {
  return path.endsWith(".safetensors");
}

function bytesOf(files: readonly StoredFile[]): number {
  return files.reduce((sum, { size }) => sum + size, 0);
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${Math.ceil(bytes / 1e6)} MB`;
}
