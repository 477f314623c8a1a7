// What a repository is, before a weight is fetched: the files that a model needs, its family and shapes, and what a run
// or a chat would take.

import { AppError } from "../core/errors";
import type { RunConfig } from "../core/run-config";
import { DEFAULT_HUB, type HubReference } from "../core/run-record";
import { planGeneration } from "../generate/generator";
import type { HubClient, Patience } from "../hub/hub-client";
import { chooseModelFiles, type ModelFiles } from "../hub/model-files";
import type { ModelSource } from "../hub/model-source";
import { remoteSource } from "../hub/remote-source";
import { checkRepositoryName, listFiles, pinRevision, type PinnedRepository } from "../hub/repository";
import type { LighterRun, RunPlan } from "./api";
import { CHAT_CONTEXT } from "./chat-room";
import { estimateMemory } from "./memory-estimate";
import { openDecoder, type OpenedDecoder } from "./open-decoder";
import type { RunWork } from "./time-estimate";
import { planRun } from "./training-session";

export interface Survey {
  readonly reference: HubReference;
  readonly pinned: PinnedRepository;
  readonly files: ModelFiles;
  readonly decoder: OpenedDecoder;
  /** Of all files. */
  readonly bytes: number;
}

/** Asks the Hub. Throws `unsupported-model`, `bad-model-file` or the client's errors. */
export async function surveyModel(
  client: HubClient,
  name: string,
  revision: string,
  patience: Patience = {},
): Promise<Survey> {
  const repository = checkRepositoryName(name);
  const pinned = await pinRevision(client, repository, revision, patience);
  try {
    return await surveyPinned(client, pinned, patience);
  } catch (error) {
    throw withBaseModel(error, pinned);
  }
}

async function surveyPinned(
  client: HubClient,
  pinned: PinnedRepository,
  patience: Patience,
): Promise<Survey> {
  const { repository, commit } = pinned;
  const listed = await listFiles(client, repository, commit, patience);
  const source = remoteSource(client, pinned, listed, patience);
  const readIndex = ({ path }: { path: string }): Promise<string> => source.text(path);
  const files = await chooseModelFiles(repository, client.page(repository), listed, readIndex);
  const decoder = await openTwice(source);
  const endpoint = client.endpoint.href.replace(/\/$/, "");
  return {
    reference: {
      kind: "hub",
      name: repository,
      repository,
      commit,
      ...(endpoint !== DEFAULT_HUB && { endpoint }),
    },
    pinned,
    files,
    decoder,
    bytes: [...files.small, ...files.weights].reduce((sum, { size }) => sum + size, 0),
  };
}

/** A quantised copy, an adapter or a file for another program can't be used; what it was made from often can. */
function withBaseModel(error: unknown, { repository, baseModel }: PinnedRepository): unknown {
  if (!(error instanceof AppError) || error.name !== "unsupported-model") return error;
  if (baseModel === undefined || baseModel === repository) return error;
  const message = `${error.message} By its card it was made from ${baseModel}, which may do instead.`;
  return new AppError("unsupported-model", message, { cause: error });
}

/** Headers are read by ranges, for which no hash is listed: one that is refused may have been altered on its way. */
async function openTwice(source: ModelSource): Promise<OpenedDecoder> {
  const open = async (): Promise<OpenedDecoder> => {
    const decoder = await openDecoder(source);
    decoder.declare(1); // compares every shape with the configuration
    return decoder;
  };
  return open().catch((error: unknown) => {
    if (error instanceof AppError && error.name === "bad-model-file") return open();
    throw error;
  });
}

export interface RunForecast {
  readonly training?: RunPlan["memory"];
  /** Of 1,000 tokens. */
  readonly work?: RunWork;
  readonly lighterRuns: readonly LighterRun[];
  /** Why the run is impossible. */
  readonly obstacle?: string;
}

const THOUSAND = 1000;

/** A run with full rows of the cutoff length, and lighter ones. */
export function forecastRun({ reference, decoder }: Survey, config: RunConfig): RunForecast {
  const model = { name: reference.name, decoder };
  const planned = (changes: LighterRun["changes"]) => planRun(model, { ...config, ...changes });
  try {
    const { memory, training } = planned({});
    const tokens = config.microBatchSize * config.cutoffLength;
    const multiplyAddsPerToken =
      training.microStep.launches.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0) / tokens;
    const work = {
      multiplyAdds: THOUSAND * multiplyAddsPerToken,
      multiplyAddsPerToken,
      tokensPerMicroBatch: tokens,
    };
    const lighterRuns = lighterThan(config)
      .map((changes) => ({ changes, memory: planned(changes).memory.total }))
      .filter(({ memory: bytes }) => bytes < memory.total)
      .sort((a, b) => a.memory - b.memory);
    return { training: memory, work, lighterRuns };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return { lighterRuns: [], obstacle: error.message };
  }
}

/** GPU memory of a chat with the base model. */
export function chatMemory({ decoder }: Survey): number {
  const context = Math.min(decoder.config.maxPositions, CHAT_CONTEXT);
  const model = decoder.declare(context);
  return estimateMemory({ model, generations: [planGeneration(model.decoder, context)] }).total;
}

const SHORTEST_CUTOFF = 128;

function lighterThan({ microBatchSize, cutoffLength }: RunConfig): LighterRun["changes"][] {
  const shorter = Math.max(SHORTEST_CUTOFF, cutoffLength >> 1);
  const changes: LighterRun["changes"][] = [];
  if (microBatchSize > 1) changes.push({ microBatchSize: 1 });
  if (shorter < cutoffLength) changes.push({ cutoffLength: shorter });
  if (changes.length === 2) changes.push({ microBatchSize: 1, cutoffLength: shorter });
  return changes;
}
