import { expect, it } from "vitest";
import { freeName } from "./free-name";

it("numbers a name that is taken", () => {
  expect(freeName("Notes", new Set(["Captain"]))).toBe("Notes");
  expect(freeName("Captain", new Set(["Captain", "Captain 3"]))).toBe("Captain 2");
  expect(freeName("Captain 3", new Set(["Captain 2", "Captain 3"]))).toBe("Captain 4");
});
