import { describe, expect, it } from "vitest";
import { defaultRunConfig } from "../../../core/run-config";
import { runConfigFields, runConfigValue, type RunConfigField } from "../../../core/run-config-check";
import { allSettings, lockedByAdapter, simpleSettings, withSetting } from "./settings";

const fields = Object.keys(runConfigFields) as RunConfigField[];

describe("the settings", () => {
  it("show every field of run.json once among all, and only such among the simple ones", () => {
    const shown = allSettings.flatMap((group) => group.fields);
    expect([...shown].sort()).toEqual([...fields].sort());
    for (const field of [...simpleSettings.flatMap((group) => group.fields), ...lockedByAdapter])
      expect(shown).toContain(field);
  });

  it.each(fields)("change %s and nothing else", (field) => {
    const mark = { changed: true };
    const config = withSetting(defaultRunConfig, field, mark);
    expect(runConfigValue(config, field)).toBe(mark);
    for (const other of fields)
      if (other !== field)
        expect(runConfigValue(config, other)).toBe(runConfigValue(defaultRunConfig, other));
  });
});
