// A long job of the engine: what is going on, how far, how fast, how long still, and a way to stop it. Before the first
// report it shows no number, since there is none.

import { useEffect, useState } from "react";
import type { Progress } from "../../engine/api";
import { formatBytes, formatCount, formatDuration } from "../format";
import { Button } from "./button";
import { Icon } from "./icon";
import styles from "./job-progress.module.css";
import { ProgressBar } from "./progress-bar";

export interface JobProgressProps {
  readonly progress: Progress | undefined;
  /** Milliseconds since 1970; of the task that `progress` names. Without it, the first report counts. */
  readonly startedAt?: number | undefined;
  readonly onStop?: (() => void) | undefined;
  /** Shown until the first report. */
  readonly label?: string | undefined;
}

interface Start {
  readonly task: string;
  readonly at: number;
  readonly done: number;
}

export function JobProgress({ progress, startedAt, onStop, label = "Starting" }: JobProgressProps) {
  const [start, setStart] = useState<Start>();
  const [now, setNow] = useState(0);
  const task = progress?.task;
  const done = progress?.done;
  useEffect(() => {
    const at = Date.now();
    setNow(at);
    if (task === undefined || done === undefined) setStart(undefined);
    else setStart((known) => (known?.task === task && known.done <= done ? known : { task, at, done }));
  }, [task, done]);

  const begun = startedAt ?? start?.at;
  const before = startedAt === undefined ? (start?.done ?? 0) : 0;
  const seconds = begun === undefined ? 0 : (now - begun) / 1000;
  return (
    <div className={styles.job}>
      <ProgressBar
        label={progress?.task ?? label}
        done={progress?.done ?? 0}
        total={progress?.total ?? 0}
        detail={progress ? detailOf(progress, before, seconds) : undefined}
      />
      {onStop && (
        <Button size="small" icon={<Icon name="stop" />} onClick={onStop}>
          Stop
        </Button>
      )}
    </div>
  );
}

/** "3.1 MB of 6.4 MB · 12 MB/s · 0.3 s left". A speed is told once it rests on half a second. */
function detailOf(progress: Progress, before: number, seconds: number): string {
  const { done, total, unit } = progress;
  const amount = (value: number): string => (unit === "bytes" ? formatBytes(value) : formatCount(value));
  const noun = unit === "bytes" ? "" : ` ${unit}`;
  const parts = [total > 0 ? `${amount(done)} of ${amount(total)}${noun}` : `${amount(done)}${noun}`];
  const speed = seconds >= 0.5 ? (done - before) / seconds : 0;
  if (speed > 0) {
    parts.push(
      unit === "bytes"
        ? `${formatBytes(speed)}/s`
        : `${speed < 10 ? speed.toFixed(1) : formatCount(speed)} ${unit}/s`,
    );
    if (total > done) parts.push(`${formatDuration((total - done) / speed)} left`);
  }
  return parts.join(" · ");
}
