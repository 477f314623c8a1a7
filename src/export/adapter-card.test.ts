import { describe, expect, it } from "vitest";
import { defaultRunConfig } from "../core/run-config";
import { adapterCard, type AdapterOrigin } from "./adapter-card";

const config = { ...defaultRunConfig.lora, baseModel: "tabtune-3m" };
const origin: AdapterOrigin = {
  kind: "trained",
  dataset: { fileName: "my|rows\n# x.jsonl", bytes: 9, sha256: "ab".repeat(32), format: "alpaca", rows: 52 },
  config: defaultRunConfig,
  step: 60,
  steps: 120,
  loss: 1.2345678,
  evaluation: {
    kind: "evaluation",
    step: 60,
    loss: 1.5,
    tokenAccuracy: 0,
    perplexity: 4.4817,
    supervisedTokens: 1,
  },
};

describe("the card of an adapter", () => {
  it("states base model, dataset with its hash, rows, settings and results", () => {
    const card = adapterCard(config, ["q_proj"], origin);
    for (const part of [
      "`tabtune-3m`",
      "ab".repeat(32),
      "52 (alpaca)",
      "60 of 120",
      "0.0002 (linear)",
      "1.2346",
    ]) {
      expect(card).toContain(part);
    }
    expect(card).toContain("loss on held-out rows | 1.5 nats");
  });

  it("lets no file name break out of its table", () => {
    expect(adapterCard(config, ["q_proj"], origin)).toContain("| dataset | my\\|rows # x.jsonl |");
  });

  it("does not claim to have trained what was imported", () => {
    const card = adapterCard(config, ["q_proj"], { kind: "imported" });
    expect(card).not.toContain("Trained in");
    expect(card).not.toContain("## Training");
  });
});
