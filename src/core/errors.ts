// Errors: `assert` is for our own mistakes, `AppError` for what the world does. The code is the error's name,
// because name, message and stack are all that survives the way out of a Worker.

export type ErrorCode =
  | "webgpu-missing"
  | "out-of-memory"
  | "device-lost"
  | "gpu-invalid"
  | "unsupported-model"
  | "bad-model-file"
  | "bad-adapter"
  | "bad-config"
  | "bad-dataset"
  | "bad-dataset-row"
  | "file-missing"
  | "non-finite"
  | "stopped"
  | "busy"
  | "storage-full"
  | "storage-missing";

/** What a Hub answers, or does not. */
export type HubErrorCode =
  /** No permission: a token is missing, wrong, or its account was not granted access. */
  | "hub-unauthorized"
  /** No such repository, revision or file. */
  | "hub-missing"
  /** Not reached, overloaded, or limiting requests, for longer than was waited. What has arrived is kept. */
  | "hub-offline"
  /** It gives other bytes than it lists. */
  | "hub-changed";

/** A failure that the person can act on. `message` names the file, field and value, and what to do next. */
export class AppError extends Error {
  constructor(code: ErrorCode | HubErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code;
  }
}

/** Throws when one of our own invariants is broken. Say "got x, need y". */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`internal: ${message}`);
}
