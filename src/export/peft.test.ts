import { describe, expect, it } from "vitest";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fromFloat32, toFloat32, type HostTensor } from "../core/host-tensor";
import { createRandom } from "../core/random";
import { readSafetensors, writeSafetensors } from "../hub/safetensors";
import { isUntrained, readPeftAdapter, writePeftAdapter, type AdapterFiles, type PeftAdapter } from "./peft";
import { readPeftConfig, type PeftConfig } from "./peft-config";

const config: PeftConfig = {
  rank: 2,
  alpha: 4,
  dropout: 0.1,
  rsLora: true,
  targetModules: "all-linear",
  baseModel: "maker/model",
};
const random = createRandom(1);
const matrix = (rows: number, cols: number): HostTensor =>
  fromFloat32(Float32Array.from({ length: rows * cols }, random.normal), [rows, cols], "F32");
const nameOf = (path: string, half: string): string => `base_model.model.${path}.lora_${half}.weight`;
const qPath = "model.layers.0.self_attn.q_proj";
const downPath = "model.layers.0.mlp.down_proj";
const adapter = (): PeftAdapter => ({
  config,
  tensors: new Map([
    [nameOf(qPath, "A"), matrix(2, 6)],
    [nameOf(qPath, "B"), matrix(4, 2)],
    [nameOf(downPath, "A"), matrix(2, 8)],
    [nameOf(downPath, "B"), matrix(6, 2)],
  ]),
});
const utf8 = new TextEncoder();
const text = (files: AdapterFiles, name: string): string => new TextDecoder().decode(files.get(name));
/** The adapter's files with some of its config's keys or tensors changed. */
function changed(keys: Record<string, unknown>, tensors = adapter().tensors): AdapterFiles {
  const files = new Map(writePeftAdapter(adapter()));
  const json = { ...(JSON.parse(text(files, "adapter_config.json")) as object), ...keys };
  return files
    .set("adapter_config.json", utf8.encode(JSON.stringify(json)))
    .set("adapter_model.safetensors", writeSafetensors(tensors, { format: "pt" }));
}

describe("a written adapter", () => {
  it("comes back tensor for tensor, with the config and the adapted layers' names", () => {
    const written = adapter();
    const back = readPeftAdapter(writePeftAdapter(written));
    expect(back.config).toEqual({ ...config, targetModules: ["down_proj", "q_proj"] });
    expect([...back.tensors.keys()].sort()).toEqual([...written.tensors.keys()].sort());
    for (const [name, tensor] of written.tensors)
      expect(toFloat32(back.tensors.get(name)!)).toEqual(toFloat32(tensor));
  });

  it("has the keys that PEFT needs, sorted, and F32 tensors with the format mark", () => {
    const files = writePeftAdapter(adapter());
    const json = JSON.parse(text(files, "adapter_config.json")) as Record<string, unknown>;
    expect(Object.keys(json)).toEqual(Object.keys(json).sort());
    expect(json).toMatchObject({
      peft_type: "LORA",
      task_type: "CAUSAL_LM",
      r: 2,
      lora_alpha: 4,
      lora_dropout: 0.1,
      use_rslora: true,
      bias: "none",
      inference_mode: true,
      rank_pattern: {},
      alpha_pattern: {},
      base_model_name_or_path: "maker/model",
      target_modules: ["down_proj", "q_proj"],
    });
    const { metadata, tensors } = readSafetensors(files.get("adapter_model.safetensors")!, "x");
    expect(metadata.get("format")).toBe("pt");
    expect([...tensors.values()].every(({ dtype }) => dtype === "F32")).toBe(true);
  });

  it("has a card that names a Hub model in its header, and a folder only in the text", () => {
    expect(text(writePeftAdapter(adapter()), "README.md")).toMatch(
      /^---\nbase_model: maker\/model\nlibrary_name: peft\n/,
    );
    const local = text(
      writePeftAdapter({ ...adapter(), config: { ...config, baseModel: "./my model" } }),
      "README.md",
    );
    expect(local).toMatch(/^---\nlibrary_name: peft\n/);
    expect(local).toContain("`./my model`");
  });

  it("is known as untrained while every B is zero", () => {
    const zero = new Map(
      [...adapter().tensors].map(([name, tensor]) => [
        name,
        name.includes("lora_B") ? { ...tensor, bytes: new Uint8Array(tensor.bytes.length) } : tensor,
      ]),
    );
    expect(isUntrained({ config, tensors: zero })).toBe(true);
    expect(isUntrained(adapter())).toBe(false);
  });

  it("is never written with values that are not finite", () => {
    const broken = new Map(adapter().tensors).set(
      nameOf(qPath, "B"),
      fromFloat32(new Float32Array(8).fill(NaN), [4, 2], "F32"),
    );
    expect(() => writePeftAdapter({ config, tensors: broken })).toThrow(
      /q_proj\.lora_B holds values that are not finite/,
    );
  });
});

describe("reading an adapter", () => {
  it.each(["F16", "BF16"] as const)("accepts %s tensors", (dtype) => {
    const tensors = new Map(
      [...adapter().tensors].map(([name, tensor]) => [
        name,
        fromFloat32(toFloat32(tensor), tensor.shape, dtype),
      ]),
    );
    expect(
      [...readPeftAdapter(changed({}, tensors)).tensors.values()].every((tensor) => tensor.dtype === dtype),
    ).toBe(true);
  });

  it("accepts names with the adapter's own name in them, and targets that are a pattern", () => {
    const tensors = new Map(
      [...adapter().tensors].map(([name, tensor]) => [name.replace(".weight", ".default.weight"), tensor]),
    );
    const read = readPeftAdapter(changed({ target_modules: ".*proj" }, tensors));
    expect([...read.tensors.keys()]).toContain(nameOf(qPath, "A"));
    expect(read.config.targetModules).toEqual(["down_proj", "q_proj"]);
  });

  it("takes PEFT's defaults for absent keys", () => {
    expect(readPeftConfig('{"peft_type": "LORA"}', "c")).toEqual({
      rank: 8,
      alpha: 8,
      dropout: 0,
      rsLora: false,
      targetModules: "all-linear",
      baseModel: "",
    });
  });

  it.each([
    ["use_dora", true, /use_dora is true, which is not supported/],
    ["bias", "lora_only", /bias is "lora_only", expected "none"/],
    ["modules_to_save", ["lm_head"], /modules_to_save is \["lm_head"\]/],
    ["rank_pattern", { q_proj: 4 }, /rank_pattern is \{"q_proj":4\}/],
    ["alpha_pattern", { q_proj: 4 }, /alpha_pattern/],
    ["use_bdlora", { nblocks: 2 }, /use_bdlora is \{"nblocks":2\}/],
    ["kasa_config", { beta: 1 }, /kasa_config/],
    ["fan_in_fan_out", "yes", /fan_in_fan_out is "yes"/],
    ["trainable_token_indices", [1], /trainable_token_indices/],
    [
      "init_lora_weights",
      "pissa_niter_4",
      /init_lora_weights is "pissa_niter_4", which changes the base weights/,
    ],
    ["task_type", "SEQ_CLS", /task_type is "SEQ_CLS"/],
    ["peft_type", "IA3", /peft_type is "IA3"; only "LORA"/],
    ["r", 0, /r is 0, expected a whole number/],
    ["lora_alpha", "16", /lora_alpha is "16", expected a number/],
    ["use_rslora", "yes", /use_rslora is "yes"/],
  ])("refuses %s = %j", (key, value, message) => {
    expect(() => readPeftAdapter(changed({ [key]: value }))).toThrow(message);
  });

  it("lists all unsupported options at once", () => {
    expect(() => readPeftAdapter(changed({ use_dora: true, bias: "all" }))).toThrow(/bias.*; use_dora/);
  });

  const q = matrix(2, 6);
  const tensorFaults: [string, ReadonlyMap<string, HostTensor>, RegExp][] = [
    ["no tensors", new Map(), /holds no tensors/],
    ["half a pair", new Map([[nameOf(qPath, "A"), q]]), /q_proj \(lora_B is missing\)/],
    [
      "tensors of another kind",
      new Map([["base_model.model.lm_head.weight", q]]),
      /unknown tensors base_model\.model\.lm_head\.weight/,
    ],
    ["mlx-lm's layout", new Map([["model.layers.0.self_attn.q_proj.lora_a", q]]), /unknown tensors .*lora_a/],
    [
      "another rank",
      new Map([
        [nameOf(qPath, "A"), matrix(3, 6)],
        [nameOf(qPath, "B"), matrix(4, 3)],
      ]),
      /lora_A is \[3, 6\], expected \[2, 6\]; .*lora_B is \[4, 3\], expected \[4, 2\]/,
    ],
    [
      "integers",
      new Map([
        [nameOf(qPath, "A"), { dtype: "I32", shape: [2, 6], bytes: new Uint8Array(48) }],
        [nameOf(qPath, "B"), matrix(4, 2)],
      ]),
      /lora_A has dtype I32/,
    ],
  ];
  it.each(tensorFaults)("refuses %s", (_, tensors, message) => {
    expect(() => readPeftAdapter(changed({}, tensors))).toThrow(message);
  });

  it("keeps fan_in_fan_out, which the model's layers correct where they are known", () => {
    const plain = new Map([
      [qPath, { rows: 4, cols: 6 }],
      [downPath, { rows: 6, cols: 8 }],
    ]);
    const transposed = new Map([...plain].map(([path, layer]) => [path, { ...layer, transposed: true }]));
    const stated = writePeftAdapter({ ...adapter(), config: { ...config, fanInFanOut: true } });
    expect(JSON.parse(text(stated, "adapter_config.json"))).toMatchObject({ fan_in_fan_out: true });
    expect(readPeftAdapter(stated).config.fanInFanOut).toBe(true);
    expect(readPeftAdapter(stated, plain).config.fanInFanOut).toBeUndefined();
    const unstated = writePeftAdapter(adapter());
    expect(JSON.parse(text(unstated, "adapter_config.json"))).toMatchObject({ fan_in_fan_out: false });
    expect(readPeftAdapter(unstated).config.fanInFanOut).toBeUndefined();
    expect(readPeftAdapter(unstated, transposed).config.fanInFanOut).toBe(true);
  });

  it("holds the adapter against the model's layers", () => {
    const files = writePeftAdapter(adapter());
    const layers = new Map([
      [qPath, { rows: 4, cols: 6 }],
      [downPath, { rows: 6, cols: 8 }],
    ]);
    expect(readPeftAdapter(files, layers).tensors.size).toBe(4);
    expect(() => readPeftAdapter(files, new Map([[qPath, { rows: 4, cols: 6 }]]))).toThrow(
      /the model has no layer .*down_proj.*another model/,
    );
    expect(() => readPeftAdapter(files, new Map([...layers, [qPath, { rows: 4, cols: 7 }]]))).toThrow(
      /q_proj\.lora_A is \[2, 6\], expected \[2, 7\]/,
    );
  });

  it("says which file is missing, a pickle or a pointer", () => {
    const files = writePeftAdapter(adapter());
    expect(() => readPeftAdapter(new Map())).toThrow(/adapter_config\.json is missing/);
    const config = files.get("adapter_config.json")!;
    expect(() => readPeftAdapter(new Map([["adapter_config.json", config]]))).toThrow(
      /adapter_model\.safetensors is missing\.$/,
    );
    expect(() =>
      readPeftAdapter(
        new Map([
          ["adapter_config.json", config],
          ["adapter_model.bin", config],
        ]),
      ),
    ).toThrow(/pickle/);
    const pointer = utf8.encode("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 1\n");
    expect(() =>
      readPeftAdapter(
        new Map([
          ["adapter_config.json", config],
          ["adapter_model.safetensors", pointer],
        ]),
      ),
    ).toThrow(/Git LFS pointer/);
    expect(() => readPeftAdapter(new Map([["adapter_config.json", utf8.encode("{")]]))).toThrow(
      /no valid JSON/,
    );
    expect(() =>
      readPeftAdapter(new Map([["adapter_config.json", utf8.encode('{"fine_tune_type": "lora"}')]])),
    ).toThrow(/mlx-lm/);
  });
});

// Published adapter configs, where the collection lies beside the repository: what each is refused for, if anything.
const collection = new URL("../../../shared/data/adapters/peft-config-variants/", import.meta.url);
const refused: Record<string, RegExp> = {
  ia3: /peft_type is "IA3"/,
  prefixtuning: /peft_type is "PREFIX_TUNING"/,
  bdlora: /use_bdlora/,
  dora: /use_dora/,
  kasa: /kasa_config/,
};
describe.runIf(existsSync(collection))("published adapter configs", () => {
  const files = existsSync(collection) ? readdirSync(collection) : [];
  it.each(files)("%s", (file) => {
    const reason = Object.entries(refused).find(
      ([word]) => file.startsWith(`${word}__`) || file.includes(`-${word}__`),
    )?.[1];
    const read = (): PeftConfig => readPeftConfig(readFileSync(new URL(file, collection), "utf8"), file);
    if (reason) expect(read).toThrow(reason);
    else expect(file).toContain(`rank${read().rank}`);
  });
});
