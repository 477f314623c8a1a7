// A run's metrics in short, its sample answers, and the settings it was trained with.

import type { StepMetrics } from "../../../core/metrics";
import type { RunRecord } from "../../../core/run-record";
import { Disclosure } from "../../components/disclosure";
import { Stat } from "../../components/stat";
import { StatRow } from "../../components/stat-row";
import { formatCount, formatNumber, formatTokensPerSecond } from "../../format";
import { useStore } from "../../store";
import { SampleAnswersList } from "./sample-answers-list";
import styles from "./runs-room.module.css";

export interface RunDetailsProps {
  readonly run: RunRecord;
}

export function RunDetails({ run }: RunDetailsProps) {
  const events = useStore((state) => (state.runDetail?.id === run.id ? state.runDetail.events : undefined));
  if (!events) return <p role="status">Reading the metrics …</p>;
  const steps = events.filter((event) => event.kind === "step");
  const evaluations = events.filter((event) => event.kind === "evaluation");
  const best = evaluations.reduce<(typeof evaluations)[number] | undefined>(
    (least, next) => (least && least.loss <= next.loss ? least : next),
    undefined,
  );
  const { config } = run;
  return (
    <>
      <StatRow>
        <Stat label="First loss" value={steps[0] ? formatNumber(steps[0].loss) : "none yet"} />
        {evaluations[0] && <Stat label="Evaluation before" value={formatNumber(evaluations[0].loss)} />}
        {best && (
          <Stat label="Best evaluation" value={formatNumber(best.loss)} hint={`after step ${best.step}`} />
        )}
        <Stat
          label="Tokens seen"
          value={formatCount(steps.reduce((sum, step) => sum + step.totalTokens, 0))}
        />
        {steps.length > 0 && <Stat label="Median speed" value={formatTokensPerSecond(medianSpeed(steps))} />}
        <Stat label="Learning rate" value={formatNumber(config.learningRate)} hint={config.schedule} />
        <Stat
          label="Adapter rank"
          value={formatCount(config.lora.rank)}
          hint={`alpha ${config.lora.alpha}`}
        />
        <Stat
          label="Rows a step"
          value={formatCount(config.microBatchSize * config.gradientAccumulation)}
          hint={`seed ${config.seed}`}
        />
      </StatRow>
      <SampleAnswersList events={events} />
      <Disclosure summary="All settings (run.json)">
        <pre className={styles.answer}>{JSON.stringify(config, undefined, 2)}</pre>
      </Disclosure>
    </>
  );
}

function medianSpeed(steps: readonly StepMetrics[]): number {
  const speeds = steps.map((step) => step.tokensPerSecond).sort((a, b) => a - b);
  return speeds[speeds.length >> 1] ?? 0;
}
