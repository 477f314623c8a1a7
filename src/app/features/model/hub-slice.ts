// Models of a Hub: what a repository would take, downloads under way, and what is stored.

import { referenceKey, type HubReference } from "../../../core/run-record";
import type { DownloadProgress, HubRequest, LighterRun, ModelPlan, StoredModel } from "../../../engine/api";
import { callback } from "../../../engine/client";
import { keepEndpoint, keptEndpoint } from "../../connect-policy";
import { engine } from "../../engine";
import { failureOf, type CreateSlice, type Failure } from "../../slice";

/** One download of this tab. */
export interface DownloadState {
  /** Undefined until its first report. */
  readonly progress?: DownloadProgress | undefined;
  readonly failure?: Failure | undefined;
}

export interface HubSlice {
  /** Undefined for the Hub itself. */
  readonly hubEndpoint?: string | undefined;
  readonly hasHubToken: boolean;
  readonly hubFailure?: Failure | undefined;
  /** What is being asked about, or was. */
  readonly inspectRequest?: HubRequest | undefined;
  readonly isInspecting: boolean;
  readonly modelPlan?: ModelPlan | undefined;
  readonly inspectFailure?: Failure | undefined;
  readonly storedModels: readonly StoredModel[];
  /** By referenceKey. */
  readonly downloads: ReadonlyMap<string, DownloadState>;
  /** Kept for later visits; takes a reload, since the page's policy names the Hub. */
  setHubEndpoint(endpoint: string | undefined): void;
  /** Kept in memory alone. */
  setHubToken(token: string | undefined): Promise<void>;
  inspectModel(request: HubRequest): Promise<void>;
  /** Takes the changes into the settings and asks again. */
  applyLighterRun(lighter: LighterRun): Promise<void>;
  dismissPlan(): void;
  /** Downloads what is missing, then opens the model. */
  downloadModel(reference: HubReference): Promise<void>;
  pauseDownload(reference: HubReference): Promise<void>;
  /** Also deletes what has arrived. */
  cancelDownload(reference: HubReference): Promise<void>;
  deleteModel(reference: HubReference): Promise<void>;
  refreshModels(): Promise<void>;
}

export const createHubSlice: CreateSlice<HubSlice> = (set, get) => {
  let inspections = 0;

  const setDownload = (reference: HubReference, state: DownloadState | undefined): void => {
    const downloads = new Map(get().downloads);
    if (state) downloads.set(referenceKey(reference), state);
    else downloads.delete(referenceKey(reference));
    set({ downloads });
  };

  const attempt = async (reference: HubReference, action: () => Promise<void>): Promise<void> => {
    try {
      await action();
      setDownload(reference, undefined);
    } catch (error) {
      setDownload(reference, { failure: failureOf(error) });
    }
    await Promise.all([get().refreshModels(), get().refreshStorage()]);
  };

  return {
    hubEndpoint: keptEndpoint(),
    hasHubToken: false,
    isInspecting: false,
    storedModels: [],
    downloads: new Map(),
    setHubEndpoint: (endpoint) => {
      keepEndpoint(endpoint);
      location.reload();
    },
    setHubToken: async (token) => {
      const { hubEndpoint } = get();
      try {
        await engine.setHub({ ...(hubEndpoint && { endpoint: hubEndpoint }), ...(token && { token }) });
        set({ hasHubToken: token !== undefined, hubFailure: undefined });
      } catch (error) {
        set({ hubFailure: failureOf(error) });
      }
    },
    inspectModel: async (request) => {
      const asked = ++inspections;
      set({ inspectRequest: request, isInspecting: true, modelPlan: undefined, inspectFailure: undefined });
      try {
        const modelPlan = await engine.inspectModel(request, get().config);
        if (asked === inspections) set({ modelPlan });
      } catch (error) {
        if (asked === inspections) set({ inspectFailure: failureOf(error) });
      } finally {
        if (asked === inspections) set({ isInspecting: false });
      }
    },
    applyLighterRun: async ({ changes }) => {
      get().updateConfig(changes);
      const { inspectRequest } = get();
      if (inspectRequest) await get().inspectModel(inspectRequest);
    },
    dismissPlan: () => {
      inspections++;
      set({
        inspectRequest: undefined,
        isInspecting: false,
        modelPlan: undefined,
        inspectFailure: undefined,
      });
    },
    downloadModel: async (reference) => {
      setDownload(reference, {});
      void get().keepStorage();
      try {
        await engine.downloadModel(
          reference,
          callback((progress: DownloadProgress) => setDownload(reference, { progress })),
        );
        setDownload(reference, undefined);
        get().dismissPlan();
        await get().openModel(reference);
      } catch (error) {
        const failure = failureOf(error);
        // Paused or cancelled by the person: nothing to tell.
        setDownload(reference, failure.name === "stopped" ? undefined : { failure });
      } finally {
        await Promise.all([get().refreshModels(), get().refreshStorage()]);
      }
    },
    pauseDownload: (reference) => engine.pauseDownload(reference),
    cancelDownload: (reference) => attempt(reference, () => engine.cancelDownload(reference)),
    deleteModel: (reference) =>
      attempt(reference, async () => {
        await engine.deleteModel(reference);
        get().notify(`${reference.name} is deleted`);
      }),
    refreshModels: async () => {
      try {
        set({ storedModels: await engine.storedModels() });
      } catch (error) {
        set({ hubFailure: failureOf(error) });
      }
    },
  };
};
