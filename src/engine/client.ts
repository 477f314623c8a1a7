// Starts the engine's Worker and speaks to it through Comlink. The only code of the engine that runs on the page.
//
// A Worker that is loaded from an address has the policy that its server sends with it, which on a plain file host is
// none; one that is made of a Blob has the policy of the page (HTML, "initialize worker policy container"). So the Worker
// is a Blob of one line that imports the engine.

import { proxy, wrap, type Remote } from "comlink";
import { AppError } from "../core/errors";
import type { EngineApi } from "./api";
import workerAddress from "./worker?worker&url";

export type EngineClient = Remote<EngineApi>;

export function createEngine(): EngineClient {
  const address = new URL(workerAddress, document.baseURI).href;
  const script = new Blob([`import ${JSON.stringify(address)};`], { type: "text/javascript" });
  const worker = new Worker(URL.createObjectURL(script), { type: "module", name: "engine" });
  worker.postMessage({ base: document.baseURI });
  return failing(wrap<EngineApi>(worker), loadFailure(worker));
}

/** Rejects when the Worker's script can't be loaded. What goes wrong in it later has a message, and its own way here. */
function loadFailure(worker: Worker): Promise<never> {
  return new Promise((_, reject) => {
    worker.addEventListener("error", (event) => {
      if (event instanceof ErrorEvent && event.message) return;
      reject(new AppError("file-missing", "The engine's script could not be loaded."));
    });
  });
}

/** The client whose every call rejects when `failure` does: a Worker that never started answers nothing. */
function failing(client: EngineClient, failure: Promise<never>): EngineClient {
  failure.catch(() => undefined); // calls under way and to come tell of it
  return new Proxy(client, {
    get(target, name) {
      const call = Reflect.get(target, name) as unknown;
      if (typeof call !== "function" || typeof name !== "string") return call;
      return (...parameters: unknown[]) =>
        Promise.race([(call as (...all: unknown[]) => Promise<unknown>)(...parameters), failure]);
    },
  });
}

/** A function of the page that the engine may call. */
export { proxy as callback };
