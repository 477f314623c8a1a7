import { expect, test } from "vitest";
import { defaultRunConfig } from "../../../core/run-config";
import type { RunRecord } from "../../../core/run-record";
import { canContinue, outcomeOf } from "./run-status-text";

const run: RunRecord = {
  id: "a",
  name: "captain",
  model: { kind: "built-in", name: "tabtune-3m" },
  dataset: { fileName: "captain.jsonl", bytes: 1, sha256: "0", format: "alpaca", rows: 52 },
  config: defaultRunConfig,
  status: "interrupted",
  startedAt: 0,
  step: 34,
  steps: 120,
  savedStep: 30,
};

test("an interrupted run says where it broke off and what was kept", () => {
  expect(outcomeOf(run)).toBe(
    "The page was closed or reloaded at step 34. The adapter after step 30 was kept.",
  );
  expect(outcomeOf({ ...run, savedStep: 0 })).toContain("starts again from the first step");
});

test("a failed run says why", () => {
  expect(outcomeOf({ ...run, status: "failed", message: "The disk is full." })).toContain(
    "The disk is full.",
  );
});

test("only runs with steps left can be continued", () => {
  expect(canContinue(run)).toBe(true);
  expect(canContinue({ ...run, status: "stopped" })).toBe(true);
  expect(canContinue({ ...run, status: "finished", step: 120 })).toBe(false);
  expect(canContinue({ ...run, status: "non-finite" })).toBe(false);
  expect(canContinue({ ...run, status: "running" })).toBe(false);
});
