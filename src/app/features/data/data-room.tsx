// What the model will learn from: a file or a sample, seen as the model sees it.

import { useEffect } from "react";
import { Button } from "../../components/button";
import { Callout } from "../../components/callout";
import { Disclosure } from "../../components/disclosure";
import { FailureCallout } from "../../components/failure-callout";
import { FileDrop } from "../../components/file-drop";
import { Icon } from "../../components/icon";
import { JobProgress } from "../../components/job-progress";
import { NextStep } from "../../components/next-step";
import { NumberField } from "../../components/number-field";
import { Room } from "../../components/room";
import { Section } from "../../components/section";
import { SwitchField } from "../../components/switch-field";
import { formatCount, formatCounted } from "../../format";
import { isTraining, useStore } from "../../store";
import { AcceptedForms } from "./accepted-forms";
import styles from "./data-room.module.css";
import { DatasetFacts } from "./dataset-facts";
import { LengthHistogram } from "./length-histogram";
import { ProblemList } from "./problem-list";
import { RowTable } from "./row-table";
import { SampleList } from "./sample-list";

export function DataRoom() {
  const dataset = useStore((state) => state.dataset);
  const opening = useStore((state) => state.datasetOpening);
  const progress = useStore((state) => state.datasetProgress);
  const failure = useStore((state) => state.datasetFailure);
  const dismiss = useStore((state) => state.dismissDatasetFailure);
  const openFile = useStore((state) => state.openDatasetFile);
  const close = useStore((state) => state.closeDataset);
  const isBusy = useStore(isTraining);
  const fileDrop = (
    <FileDrop
      label={dataset ? "Open another file" : "Drop a file with your examples"}
      hint="JSON, JSON Lines or plain text; pasted text works too. It stays on this computer."
      accept=".json,.jsonl,.ndjson,.txt,.md,application/json,text/plain"
      pastedName="pasted.jsonl"
      disabled={isBusy}
      onFiles={([file]) => file && void openFile(file)}
    />
  );
  return (
    <Room
      title="Data"
      lead="What the model will learn from. Each row is shown as the tokens that it gets; the trained ones are marked."
      wide
    >
      {failure && <FailureCallout failure={failure} onDismiss={dismiss} />}
      {opening && <JobProgress progress={progress} label={`Reading ${opening}`} />}
      {isBusy && (
        <Callout tone="info">A run is under way. The dataset can be changed when it has ended.</Callout>
      )}
      {!dataset && fileDrop}
      {dataset && (
        <Section
          title={dataset.sample?.title ?? dataset.fileName}
          hint={dataset.sample ? `A sample dataset, ${dataset.fileName}` : undefined}
          actions={
            <Button size="small" variant="quiet" disabled={isBusy} onClick={() => void close()}>
              Close
            </Button>
          }
        >
          <OpenDataset />
        </Section>
      )}
      <Section title="Samples" hint="Written for Tabtune, to try things out.">
        <SampleList />
      </Section>
      {dataset && fileDrop}
      {dataset ? (
        <Disclosure summary="Forms that can be read">
          <AcceptedForms />
        </Disclosure>
      ) : (
        <Section title="Forms that can be read" hint="One object a line, or a list of them in one JSON file.">
          <AcceptedForms />
        </Section>
      )}
    </Room>
  );
}

function OpenDataset() {
  const dataset = useStore((state) => state.dataset)!;
  const model = useStore((state) => state.model);
  const config = useStore((state) => state.config);
  const updateConfig = useStore((state) => state.updateConfig);
  const tokenized = useStore((state) => state.tokenized);
  const isTokenizing = useStore((state) => state.isTokenizing);
  const progress = useStore((state) => state.tokenizeProgress);
  const failure = useStore((state) => state.tokenizeFailure);
  const tokenize = useStore((state) => state.tokenize);
  const close = useStore((state) => state.closeDataset);
  const isBusy = useStore(isTraining);
  const goTo = useStore((state) => state.goTo);
  const { cutoffLength, trainOnPrompt } = config;
  useEffect(() => {
    void tokenize(config);
    // Other settings change nothing in the tokens.
  }, [dataset, model, cutoffLength, trainOnPrompt, tokenize]);

  const problems = tokenized ?? dataset;
  const heldOut = tokenized ? Math.round(tokenized.rows * config.evaluationSplit) : 0;
  return (
    <>
      <DatasetFacts dataset={dataset} tokenized={tokenized} />
      {isTokenizing && <JobProgress progress={progress} label="Tokenising" onStop={() => void close()} />}
      {failure && <FailureCallout failure={failure} />}
      {problems.problems > 0 && (
        <Callout tone="warning" title={`${formatCounted(problems.problems, "row")} can’t be used`}>
          The others are. <ProblemList count={problems.problems} problems={problems.firstProblems} />
        </Callout>
      )}
      <div className={styles.settings}>
        <NumberField
          label="Cutoff length"
          unit="tokens"
          hint="Longer rows are cut at the end. Shorter rows train faster and take less memory."
          min={2}
          max={model?.positions ?? 131_072}
          whole
          disabled={isBusy}
          value={cutoffLength}
          onChange={(value) => updateConfig({ cutoffLength: value })}
        />
        <NumberField
          label="Held-out share"
          hint={
            tokenized
              ? `${formatCounted(tokenized.rows - heldOut, "row")} to train on, about ${formatCount(heldOut)} to check against. 0 holds out nothing.`
              : "Rows kept aside to check against. 0 holds out nothing."
          }
          min={0}
          max={1}
          below
          step={0.05}
          disabled={isBusy}
          value={config.evaluationSplit}
          onChange={(value) => updateConfig({ evaluationSplit: value })}
        />
        <SwitchField
          label="Train on the questions too"
          hint="Otherwise the answers alone are trained, with the token that ends them."
          checked={trainOnPrompt}
          disabled={isBusy}
          onChange={(checked) => updateConfig({ trainOnPrompt: checked })}
        />
      </div>
      {tokenized && (
        <>
          <LengthHistogram lengths={tokenized.lengths} cutoff={cutoffLength} cutRows={tokenized.cutRows} />
          <p className={styles.legend}>
            <span className={styles.legendTrained}>trained</span>
            <span className={styles.legendRead}>only read</span>
            <span className={styles.note}>A thin line ends each token; ⏎ is a line break.</span>
          </p>
          <RowTable tokenized={tokenized} />
          <NextStep
            action={
              <Button variant="primary" icon={<Icon name="train" />} onClick={() => goTo("train")}>
                Go to Train
              </Button>
            }
          >
            {formatCounted(tokenized.rows, "row")} are ready. Next, look at the plan and start training.
          </NextStep>
        </>
      )}
    </>
  );
}
