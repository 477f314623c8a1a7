// The model that is open, with its facts as the opened files tell them.

import { referenceKey, type ModelReference } from "../../../core/run-record";
import type { StoredModel } from "../../../engine/api";
import { Button } from "../../components/button";
import { Disclosure } from "../../components/disclosure";
import { FailureCallout } from "../../components/failure-callout";
import { Icon } from "../../components/icon";
import { JobProgress } from "../../components/job-progress";
import { Stat } from "../../components/stat";
import { StatRow } from "../../components/stat-row";
import { formatBytes, formatCount, formatRounded } from "../../format";
import { useStore } from "../../store";
import styles from "./model-card.module.css";
import { builtInModel } from "./model-slice";

export function ModelCard() {
  const model = useStore((state) => state.model);
  const opening = useStore((state) => state.modelOpening);
  const progress = useStore((state) => state.modelProgress);
  const failure = useStore((state) => state.modelFailure);
  const openModel = useStore((state) => state.openModel);
  const licence = useStore((state) => licenceOf(state.model?.reference, state.storedModels));
  const reference = model?.reference ?? opening ?? builtInModel;
  const isOpening = opening !== undefined;
  return (
    <article className={styles.card} aria-labelledby="model-name">
      <header className={styles.head}>
        <div>
          <h2 id="model-name" className={styles.name}>
            {reference.name}
          </h2>
          <p className={styles.kind}>{kindOf(reference)}</p>
        </div>
        {model && !isOpening ? (
          <p className={styles.open}>
            <Icon name="check" />
            Open
          </p>
        ) : (
          <Button busy={isOpening} onClick={() => void openModel(reference)}>
            {isOpening ? "Opening" : "Open"}
          </Button>
        )}
      </header>
      {reference.kind === "built-in" && (
        <p className={styles.text}>
          A toy, made for Tabtune so that a first fine-tune works at once and its effect can be seen. It
          answers in one short English sentence and knows a few hundred words and facts; outside of those it
          writes nonsense with confidence. Don’t rely on what it says.
        </p>
      )}
      {failure && <FailureCallout failure={failure} />}
      {isOpening && <JobProgress progress={progress} label="Opening the model" />}
      {model && (
        <>
          <StatRow>
            <Stat label="Parameters" value={formatRounded(model.parameters)} />
            <Stat label="Weights" value={formatBytes(model.bytes)} />
            <Stat label="Longest context" value={formatCount(model.positions)} unit="tokens" />
            <Stat label="Licence" value={licence ?? "not stated"} />
          </StatRow>
          <Disclosure summary="How it is built">
            <StatRow>
              <Stat label="Family" value={model.family} />
              <Stat label="Layers" value={formatCount(model.layers)} />
              <Stat label="Hidden size" value={formatCount(model.hidden)} />
              <Stat
                label="Attention heads"
                value={formatCount(model.heads)}
                hint={`${formatCount(model.keyValueHeads)} for keys and values`}
              />
              <Stat label="Vocabulary" value={formatCount(model.vocabulary)} unit="tokens" />
              <Stat label="Chat template" value={model.hasChatTemplate ? "its own" : "a plain one"} />
            </StatRow>
            <p className={styles.modules}>
              Layers that an adapter can change: <code>{model.targetModules.join(", ")}</code>
            </p>
          </Disclosure>
        </>
      )}
    </article>
  );
}

function kindOf(reference: ModelReference): string {
  switch (reference.kind) {
    case "built-in":
      return "Built-in model";
    case "hub":
      return `From the Hub, commit ${reference.commit.slice(0, 8)}`;
    case "folder":
      return "A folder on this computer; pick it again after a reload";
    default:
      return reference satisfies never;
  }
}

function licenceOf(
  reference: ModelReference | undefined,
  stored: readonly StoredModel[],
): string | undefined {
  if (!reference) return undefined;
  if (reference.kind === "built-in") return "Apache-2.0";
  return stored.find((model) => referenceKey(model.reference) === referenceKey(reference))?.licence;
}
