// The run under way or just ended: how far it is, its curves, its sample answers, and the buttons that steer it.

import { Button } from "../../components/button";
import { Callout } from "../../components/callout";
import { Icon } from "../../components/icon";
import { JobProgress } from "../../components/job-progress";
import { ProgressBar } from "../../components/progress-bar";
import { Section } from "../../components/section";
import { Stat } from "../../components/stat";
import { StatRow } from "../../components/stat-row";
import {
  formatCount,
  formatDuration,
  formatNumber,
  formatPercent,
  formatTokensPerSecond,
} from "../../format";
import { useStore } from "../../store";
import { LineChart } from "./line-chart";
import { runSeries } from "./run-series";
import { SampleHistory } from "./sample-history";
import styles from "./train-room.module.css";

export function RunView() {
  const run = useStore((state) => state.run);
  const phase = useStore((state) => state.phase);
  const preparing = useStore((state) => state.preparing);
  const last = useStore((state) => state.lastStep);
  const evaluation = useStore((state) => state.evaluations.at(-1));
  const samples = useStore((state) => state.sampleAnswers);
  const pauseRun = useStore((state) => state.pauseRun);
  const continueRun = useStore((state) => state.continueRun);
  const stopRun = useStore((state) => state.stopRun);
  if (phase === "preparing") {
    return (
      <Section
        title="Getting ready"
        hint="Weights are loaded; kernels are measured once on each graphics card."
      >
        <JobProgress progress={preparing} label="Starting" onStop={() => void stopRun()} />
      </Section>
    );
  }
  if (!run) return null;
  const isLive = phase === "running" || phase === "paused" || phase === "stopping";
  const title = {
    idle: run.name,
    preparing: run.name,
    running: `Training: ${run.name}`,
    paused: `Paused: ${run.name}`,
    stopping: `Stopping: ${run.name}`,
    ended: run.name,
  }[phase];
  return (
    <Section
      title={title}
      actions={
        isLive && (
          <>
            {phase === "running" && (
              <Button size="small" icon={<Icon name="pause" />} onClick={() => void pauseRun()}>
                Pause
              </Button>
            )}
            {phase === "paused" && (
              <Button
                size="small"
                variant="primary"
                icon={<Icon name="play" />}
                onClick={() => void continueRun()}
              >
                Continue
              </Button>
            )}
            <Button
              size="small"
              icon={<Icon name="stop" />}
              busy={phase === "stopping"}
              onClick={() => void stopRun()}
            >
              Stop and keep
            </Button>
          </>
        )
      }
    >
      <ProgressBar
        label={
          phase === "paused"
            ? "Paused"
            : isLive
              ? "Training"
              : run.step === run.steps
                ? "Done"
                : "Ended early"
        }
        done={run.step}
        total={run.steps}
        detail={
          `step ${formatCount(run.step)} of ${formatCount(run.steps)}` +
          (isLive && last ? ` · ${formatDuration(last.secondsLeft)} left` : "")
        }
      />
      {phase === "ended" && <Ending />}
      <StatRow>
        <Stat label="Loss" value={last ? formatNumber(last.loss) : "none yet"} />
        <Stat label="Tokens right" value={last ? formatPercent(last.tokenAccuracy) : "none yet"} />
        {evaluation && (
          <Stat
            label="Evaluation loss"
            value={formatNumber(evaluation.loss)}
            hint={`perplexity ${formatNumber(evaluation.perplexity)} after step ${formatCount(evaluation.step)}`}
          />
        )}
        {last && <Stat label="Speed" value={formatTokensPerSecond(last.tokensPerSecond)} />}
        {last && <Stat label="Epoch" value={formatCount(last.epoch + 1)} />}
      </StatRow>
      <div className={styles.charts}>
        <LineChart title="Loss" column="loss" withEvaluations summary={lossInWords(last?.step)} />
        <LineChart
          title="Learning rate"
          column="learningRate"
          summary={last ? `now ${formatNumber(last.learningRate)}` : "no step yet"}
        />
        <LineChart
          title="Gradient norm"
          column="gradientNorm"
          summary={last ? `now ${formatNumber(last.gradientNorm)}, before clipping` : "no step yet"}
        />
      </div>
      {samples.length > 0 && <SampleHistory samples={samples} />}
    </Section>
  );
}

/** The text changes with the step, which the caller watches. */
function lossInWords(step: number | undefined): string {
  const { steps, values } = runSeries.curve("loss");
  if (step === undefined || values.length === 0) return "no step yet";
  let least = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! < values[least]!) least = i;
  const evaluations = runSeries.evaluations().values.length;
  return (
    `now ${formatNumber(values.at(-1)!)}, lowest ${formatNumber(values[least]!)} at step ${formatCount(steps[least]!)}` +
    (evaluations > 0 ? "; points are evaluations" : "")
  );
}

function Ending() {
  const run = useStore((state) => state.run)!;
  switch (run.status) {
    case "finished":
      return <Callout tone="good">{run.message ?? "The run is finished and its adapter is kept."}</Callout>;
    case "stopped":
      return (
        <Callout tone="info">
          {run.message ?? "Stopped."} {run.savedStep > 0 ? "The adapter is kept." : "No step was made."}
        </Callout>
      );
    case "non-finite":
      return (
        <Callout tone="error" title="The numbers grew out of range">
          {run.message}
        </Callout>
      );
    default:
      return run.message ? <Callout tone="warning">{run.message}</Callout> : null;
  }
}
