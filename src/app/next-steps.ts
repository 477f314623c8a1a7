// What the person can do next, keyed by the code of an error. The error's message says what happened and where; this
// says what to do about it when the message can't know the page.

import type { ErrorCode, HubErrorCode } from "../core/errors";
import type { RoomName } from "./shell-slice";

export interface NextStepAdvice {
  readonly text: string;
  /** A button beside it. */
  readonly action?:
    { readonly label: string; readonly room: RoomName } | { readonly label: string; readonly reload: true };
}

const nextSteps = {
  "webgpu-missing": {
    text: "Training and chat need WebGPU. The Model room says how to get it in this browser; looking at data, runs and exports works without it.",
    action: { label: "How to get WebGPU", room: "model" },
  },
  "out-of-memory": {
    text: "Make it smaller: fewer rows at once, a shorter cutoff length or a lower rank. Closing other tabs that draw a lot frees memory too.",
    action: { label: "Open the settings", room: "train" },
  },
  "device-lost": {
    text: "The graphics driver restarted or the computer slept. Reload the page; a run goes on from its last saved step in the Runs room.",
    action: { label: "Reload the page", reload: true },
  },
  "gpu-invalid": {
    text: "This is a fault of Tabtune or of the browser’s WebGPU. Reload the page; if it comes again, update the browser and report the message.",
    action: { label: "Reload the page", reload: true },
  },
  "unsupported-model": {
    text: "Choose a model of a family that Tabtune knows; the catalogue in the Model room has some.",
    action: { label: "Open the Model room", room: "model" },
  },
  "bad-model-file": {
    text: "A file of the model is damaged or of another kind. Choose another model, or another revision of it.",
    action: { label: "Open the Model room", room: "model" },
  },
  "bad-adapter": {
    text: "Choose the zip or all files of a PEFT adapter: adapter_config.json and adapter_model.safetensors, made for the model that is open.",
  },
  "bad-config": {
    text: "Correct the settings that are named above; everything else was kept.",
  },
  "bad-dataset": {
    text: "Correct the file or choose another one. JSON, JSON Lines and plain text can be read; the dataset that was open before is still open.",
  },
  "bad-dataset-row": {
    text: "Correct the row that is named above and open the file again.",
  },
  "file-missing": {
    text: "A file of Tabtune itself could not be read. Check that its server still runs, then reload the page.",
    action: { label: "Reload the page", reload: true },
  },
  "non-finite": {
    text: "The numbers grew out of range. Lower the learning rate, to a third say, and start again; the adapter of the last good step was kept.",
    action: { label: "Open the settings", room: "train" },
  },
  stopped: { text: "It was stopped. Start it again when you like." },
  busy: {
    text: "The GPU is taken by a run. Wait until it ends or stop it; what it has learnt is kept.",
    action: { label: "Go to the run", room: "train" },
  },
  "storage-full": {
    text: "Delete runs that you no longer need, or free space on the disk. Adapters can be taken away as files first.",
    action: { label: "See what is stored", room: "runs" },
  },
  "storage-missing": {
    text: "The browser lets this page keep nothing: a private window or a setting is the usual cause. You can go on, but take the adapter away before you close the page.",
  },
  "hub-unauthorized": {
    text: "Ask for access on the model’s page, make a token there that may read it, and enter it under “Access token and mirror”.",
    action: { label: "Open the Model room", room: "model" },
  },
  "hub-missing": {
    text: "Check how the repository and the revision are written; a private one needs a token.",
    action: { label: "Open the Model room", room: "model" },
  },
  "hub-offline": {
    text: "What has arrived is kept. Check the network and go on.",
    action: { label: "Open the Model room", room: "model" },
  },
  "hub-changed": {
    text: "The repository was changed, or a server on the way gives wrong bytes. Look at the repository again.",
    action: { label: "Open the Model room", room: "model" },
  },
} satisfies Record<ErrorCode | HubErrorCode, NextStepAdvice>;

const unknown: NextStepAdvice = {
  text: "This should not happen. Reload the page; what was saved is still there. If it comes again, please report the message.",
  action: { label: "Reload the page", reload: true },
};

/** For any error, named by `Failure.name`. */
export function nextStepFor(code: string): NextStepAdvice {
  return Object.hasOwn(nextSteps, code) ? nextSteps[code as keyof typeof nextSteps] : unknown;
}
