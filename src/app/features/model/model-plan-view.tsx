// What a repository is and what it would take, before a byte of weights is fetched; then the way to it.

import { referenceKey } from "../../../core/run-record";
import { Button } from "../../components/button";
import { Callout } from "../../components/callout";
import { FailureCallout } from "../../components/failure-callout";
import { Icon } from "../../components/icon";
import { JobProgress } from "../../components/job-progress";
import { Stat } from "../../components/stat";
import { StatRow } from "../../components/stat-row";
import { formatBytes, formatCount, formatDuration, formatRounded } from "../../format";
import { isTraining, useStore } from "../../store";
import { DownloadView } from "./download-view";
import styles from "./model-choice.module.css";

export function ModelPlanView() {
  const request = useStore((state) => state.inspectRequest);
  const isInspecting = useStore((state) => state.isInspecting);
  const plan = useStore((state) => state.modelPlan);
  const failure = useStore((state) => state.inspectFailure);
  const download = useStore((state) => plan && state.downloads.get(referenceKey(plan.reference)));
  const isBusy = useStore(isTraining);
  const dismiss = useStore((state) => state.dismissPlan);
  const downloadModel = useStore((state) => state.downloadModel);
  const applyLighterRun = useStore((state) => state.applyLighterRun);
  if (!request) return null;
  if (isInspecting)
    return <JobProgress progress={undefined} label={`Asking about ${request.repository}`} onStop={dismiss} />;
  if (failure) return <FailureCallout failure={failure} onDismiss={dismiss} />;
  if (!plan) return null;
  const { reference, training, obstacles, lighterRuns } = plan;
  const isWhole = plan.presentBytes === plan.bytes;
  return (
    <section className={styles.plan} aria-label={`What ${reference.repository} takes`}>
      <header className={styles.planHead}>
        <div>
          <h3>{reference.repository}</h3>
          <p className={styles.note}>
            {plan.family} · commit {reference.commit.slice(0, 8)} · licence {plan.licence ?? "not stated"}
            {plan.isGated && " · gated"}
            {plan.isPrivate && " · private"}
          </p>
        </div>
        <Button size="small" variant="quiet" onClick={dismiss}>
          Close
        </Button>
      </header>
      <StatRow>
        <Stat
          label="Download"
          value={formatBytes(plan.bytes - plan.presentBytes)}
          hint={
            plan.presentBytes > 0
              ? `${formatBytes(plan.presentBytes)} of ${formatBytes(plan.bytes)} are here`
              : plan.storageLeft === undefined
                ? undefined
                : `about ${formatBytes(plan.storageLeft)} free`
          }
        />
        <Stat label="Parameters" value={formatRounded(plan.parameters)} />
        <Stat label="Longest context" value={formatCount(plan.positions)} unit="tokens" />
        <Stat
          label="GPU memory to train"
          value={training ? formatBytes(training.total) : "can’t be run"}
          hint="with the present settings"
        />
        <Stat label="GPU memory to chat" value={formatBytes(plan.chatMemory)} />
        <Stat
          label="1,000 tokens take"
          value={
            plan.secondsPerThousandTokens === undefined
              ? "not measured yet"
              : formatDuration(plan.secondsPerThousandTokens)
          }
          hint="in training, here"
        />
      </StatRow>
      {obstacles.map((obstacle) => (
        <Callout key={obstacle} tone="warning">
          {obstacle}
        </Callout>
      ))}
      {lighterRuns.length > 0 && (
        <div className={styles.lighter}>
          <p className={styles.note}>Settings that take less memory:</p>
          {lighterRuns.map((lighter) => (
            <Button key={lighter.memory} size="small" onClick={() => void applyLighterRun(lighter)}>
              {inWords(lighter.changes)}: {formatBytes(lighter.memory)}
            </Button>
          ))}
        </div>
      )}
      {download ? (
        <DownloadView reference={reference} download={download} />
      ) : (
        <div>
          <Button
            variant="primary"
            icon={<Icon name={isWhole ? "model" : "export"} />}
            disabled={isBusy}
            onClick={() => void downloadModel(reference)}
          >
            {isWhole
              ? "Open"
              : plan.presentBytes > 0
                ? `Download the other ${formatBytes(plan.bytes - plan.presentBytes)}`
                : `Download ${formatBytes(plan.bytes)}`}
          </Button>
        </div>
      )}
    </section>
  );
}

function inWords({
  microBatchSize,
  cutoffLength,
}: {
  microBatchSize?: number;
  cutoffLength?: number;
}): string {
  const parts = [
    microBatchSize !== undefined && `batch size ${formatCount(microBatchSize)}`,
    cutoffLength !== undefined && `cutoff length ${formatCount(cutoffLength)}`,
  ];
  return parts.filter(Boolean).join(", ");
}
