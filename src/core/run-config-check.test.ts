import { describe, expect, it } from "vitest";
import { defaultRunConfig } from "./run-config";
import {
  describeRange,
  parseRunConfig,
  runConfigFields,
  runConfigHelp,
  runConfigValue,
  type RunConfigField,
} from "./run-config-check";

const failure = (json: unknown): string => {
  try {
    parseRunConfig(json, "run.json");
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return "no failure";
};
/** The configuration with one field, which may be "lora.rank", set. */
const withField = (field: string, value: unknown): unknown =>
  field.startsWith("lora.") ? { lora: { [field.slice(5)]: value } } : { [field]: value };
const fields = Object.keys(runConfigFields) as RunConfigField[];

describe("run.json", () => {
  it("that is empty gives the defaults", () => {
    expect(parseRunConfig({}, "run.json")).toEqual(defaultRunConfig);
    expect(parseRunConfig("\ufeff{}", "run.json")).toEqual(defaultRunConfig);
  });

  it("comes back unchanged when it was written by us", () => {
    const config = {
      ...defaultRunConfig,
      lora: { ...defaultRunConfig.lora, rank: 3, targetModules: ["q_proj"] },
      seed: 7,
      samplePrompts: ["Hi"],
    };
    expect(parseRunConfig(JSON.stringify(config), "run.json")).toEqual(config);
  });

  it("fills up a half-given lora block", () => {
    expect(parseRunConfig({ lora: { rank: 4 } }, "run.json").lora).toEqual({
      ...defaultRunConfig.lora,
      rank: 4,
    });
  });

  it.each(fields)("refuses a wrong kind of value for %s and says what is allowed", (field) => {
    for (const value of [null, {}, [5], "zzz"]) {
      if (field === "lora.targetModules" && value === "zzz")
        expect(failure(withField(field, value))).toContain('is "zzz"; a list of module names');
      else
        expect(failure(withField(field, value))).toBe(
          `bad-config: run.json: ${field} is ${JSON.stringify(value)}; ${describeRange(runConfigFields[field])} was expected.`,
        );
    }
  });

  it.each(fields)("holds %s to its range", (field) => {
    const info = runConfigFields[field];
    if (info.kind !== "number") return;
    const step = info.whole ? 1 : 1e-9;
    const outside = [
      info.above ? info.min : info.min - step,
      info.below ? info.max : info.max * 1.01 + 1,
      NaN,
      Infinity,
    ];
    if (info.whole) outside.push(info.min + 0.5);
    for (const value of outside) expect(failure(withField(field, value))).toContain(`${field} is`);
    const inside = [info.above ? info.min + 1e-12 : info.min, info.below ? info.max - 1e-12 : info.max];
    for (const value of inside)
      expect(runConfigValue(parseRunConfig(withField(field, value), "run.json"), field)).toBe(value);
  });

  it("accepts its own defaults", () => {
    for (const field of fields)
      expect(failure(withField(field, runConfigValue(defaultRunConfig, field)))).toBe("no failure");
  });

  it.each([
    ["learningrate", "learningRate"],
    ["learning_rate", "learningRate"],
    ["epoch", "epochs"],
    ["num_train_epochs", "epochs"],
    ["lora_alpha", "lora.alpha"],
    ["r", "lora.rank"],
    ["rank", "lora.rank"],
    ["max_grad_norm", "maxGradientNorm"],
    ["gradient_accumulation_steps", "gradientAccumulation"],
    ["shufle", "shuffle"],
  ])("refuses the unknown field %s and suggests %s", (wrong, right) => {
    expect(failure({ [wrong]: 1 })).toContain(`there is no field "${wrong}"; the nearest is "${right}"`);
  });

  it("takes no name from the prototype for a field", () => {
    expect(failure({ constructor: 1, toString: 2 })).toMatch(
      /"constructor"; the nearest is "[a-zA-Z.]+"\. there is no field "toString"/,
    );
  });

  it("lists all faults at once", () => {
    expect(failure({ epochs: 0, seed: -1, lora: { rank: 0, dropuot: 0.1 } })).toBe(
      'bad-config: run.json: epochs is 0; a number above 0, at most 10000 was expected. seed is -1; a whole number from 0 to 9007199254740991 was expected. lora.rank is 0; a whole number from 1 to 1024 was expected. there is no field "lora.dropuot"; the nearest is "lora.dropout".',
    );
  });

  it("that is no JSON or no object is refused", () => {
    expect(failure("{")).toMatch(/bad-config: run\.json: no valid JSON/);
    expect(failure([])).toMatch(/got \[\], expected an object/);
    expect(failure({ lora: 5 })).toMatch(/lora is 5; an object/);
  });

  it("needs at least one target module, by plain names", () => {
    expect(failure({ lora: { targetModules: [] } })).toContain("a list of module names");
    expect(failure({ lora: { targetModules: ["q proj"] } })).toContain("a list of module names");
  });
});

describe("the help", () => {
  it("shows every field with its default and a sentence", () => {
    const help = runConfigHelp();
    for (const field of fields) {
      expect(help).toContain(`  ${field} = ${JSON.stringify(runConfigValue(defaultRunConfig, field))}\n`);
      expect(runConfigFields[field].sentence).toMatch(/^[A-Z].*\.$/);
    }
    expect(help).toContain("a whole number from 1 to 4096 (rows)");
  });
});
