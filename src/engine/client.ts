// Starts the engine's Worker and speaks to it through Comlink. The only code of the engine that runs on the page.

import { proxy, wrap, type Remote } from "comlink";
import type { EngineApi } from "./api";

export type EngineClient = Remote<EngineApi>;

export function createEngine(): EngineClient {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: "engine" });
  worker.postMessage({ base: document.baseURI });
  return wrap<EngineApi>(worker);
}

/** A function of the page that the engine may call. */
export { proxy as callback };
