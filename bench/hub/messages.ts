// Between the page that measures streaming and its worker.

export type StreamOrder =
  | {
      readonly kind: "plain" | "ranges" | "inspect";
      readonly endpoint: string;
      readonly repository: string;
      readonly token: string;
    }
  /** Storing or hashing alone: so many bytes in chunks, four at a time. */
  | { readonly kind: "store" | "hash"; readonly bytes: number }
  /** The model that was inspected last, and the one that was streamed. */
  | { readonly kind: "stream" }
  | { readonly kind: "load" };

export interface StreamReply {
  readonly milliseconds: number;
  /** Of the weight files, or on the GPU. */
  readonly bytes: number;
  /** What the browser says that this page keeps, afterwards. */
  readonly storedBytes: number;
  readonly failure?: string;
}
