import { describe, expect, it } from "vitest";
import { RunControl } from "./run-control";

/** True when the promise is settled by the time that all that could settle it has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const open = Symbol("open");
  await new Promise((resolve) => setTimeout(resolve, 5));
  return (await Promise.race([promise, Promise.resolve(open)])) !== open;
}

describe("run control", () => {
  it("lets a run through that nobody paused", async () => {
    const control = new RunControl();
    expect(await isSettled(control.gate())).toBe(true);
    expect(control.stopped).toBe(false);
  });

  it("holds a paused run until it is continued", async () => {
    const control = new RunControl();
    control.pause();
    const gate = control.gate();
    expect(await isSettled(gate)).toBe(false);
    control.continue();
    expect(await isSettled(gate)).toBe(true);
    expect(await isSettled(control.gate())).toBe(true);
  });

  it("holds a run again that is paused anew right after it was continued", async () => {
    const control = new RunControl();
    control.pause();
    const gate = control.gate();
    control.continue();
    control.pause();
    expect(await isSettled(gate)).toBe(false);
    control.continue();
    expect(await isSettled(gate)).toBe(true);
  });

  it("takes two pauses for one", async () => {
    const control = new RunControl();
    control.pause();
    const gate = control.gate();
    control.pause();
    control.continue();
    expect(await isSettled(gate)).toBe(true);
  });

  it("releases a paused run when it is stopped, for good", async () => {
    const control = new RunControl();
    control.pause();
    const gate = control.gate();
    control.stop();
    expect(await isSettled(gate)).toBe(true);
    expect(control.stopped).toBe(true);
    control.pause();
    expect(await isSettled(control.gate())).toBe(true);
    control.continue();
    expect(control.stopped).toBe(true);
  });
});
