// What a run's status means, in words, with the tone that its colour follows.

import type { RunRecord, RunStatus } from "../../../core/run-record";
import type { Tone } from "../../components/callout";
import { formatCount } from "../../format";

export const statusTexts: Readonly<
  Record<RunStatus, { readonly text: string; readonly tone: Tone | "plain" }>
> = {
  running: { text: "Running", tone: "info" },
  paused: { text: "Paused", tone: "info" },
  finished: { text: "Finished", tone: "good" },
  stopped: { text: "Stopped", tone: "plain" },
  interrupted: { text: "Interrupted", tone: "warning" },
  "non-finite": { text: "Broke off", tone: "error" },
  failed: { text: "Failed", tone: "error" },
};

/** One sentence on how the run ended and what there is of it; undefined where the status says it all. */
export function outcomeOf({ status, savedStep, step, message }: RunRecord): string | undefined {
  const kept =
    savedStep === 0
      ? "Nothing was saved yet, so it starts again from the first step."
      : `The adapter after step ${formatCount(savedStep)} was kept.`;
  switch (status) {
    case "interrupted":
      return `The page was closed or reloaded at step ${formatCount(step)}. ${kept}`;
    case "stopped":
      return savedStep === 0 ? "Stopped before anything was saved." : `Stopped by you. ${kept}`;
    case "non-finite":
    case "failed":
      return [message, savedStep > 0 ? kept : "No adapter was kept."].filter(Boolean).join(" ");
    default:
      return undefined;
  }
}

/** Finished and broken runs have no further step; a running one is under way. */
export function canContinue({ status, step, steps }: RunRecord): boolean {
  return (
    status === "interrupted" || status === "failed" || (status === "stopped" && (steps === 0 || step < steps))
  );
}
