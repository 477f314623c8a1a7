// The engine in its Worker. The page says first where it lies; files are loaded from beside it.

import { expose } from "comlink";
import { browserGpu, openGpu } from "../gpu/device";
import { Engine } from "./engine";
import { hasherInWorkers } from "./hasher";

const base = new Promise<URL>((resolve) => {
  const listen = ({ data }: MessageEvent<{ readonly base?: string }>): void => {
    if (typeof data?.base !== "string") return;
    removeEventListener("message", listen);
    resolve(new URL(data.base));
  };
  addEventListener("message", listen);
});

expose(
  new Engine({
    openGpu: () => openGpu(browserGpu()),
    base,
    locks: navigator.locks,
    hub: { newHasher: hasherInWorkers },
    channel: typeof BroadcastChannel === "undefined" ? undefined : new BroadcastChannel("tabtune"),
  }),
);
