// Hashes chunks beside the engine's Worker, so that a download takes none of its time.

import { addToHash, type HashState } from "../hub/chunk-hash";

export interface HashOrder {
  readonly id: number;
  readonly state: HashState;
  readonly parts: readonly Uint8Array[];
}

export interface HashReply {
  readonly id: number;
  readonly words: Uint32Array;
}

addEventListener("message", ({ data }: MessageEvent<HashOrder>) => {
  const reply: HashReply = { id: data.id, words: addToHash(data.state, data.parts) };
  postMessage(reply);
});
