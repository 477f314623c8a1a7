// The run under way, in sight from every room: how far, how long still, and the way to it.

import { ProgressBar } from "../components/progress-bar";
import { formatDuration } from "../format";
import { useStore } from "../store";
import styles from "./run-status.module.css";

export function RunStatus() {
  const run = useStore((state) => state.run);
  const secondsLeft = useStore((state) => state.lastStep?.secondsLeft);
  const room = useStore((state) => state.room);
  const goTo = useStore((state) => state.goTo);
  if (!run || (run.status !== "running" && run.status !== "paused") || room === "train") return null;
  const label = run.status === "paused" ? "Training is paused" : "Training";
  return (
    <a
      className={styles.status}
      href="#/train"
      onClick={(event) => {
        event.preventDefault();
        goTo("train");
      }}
    >
      <span className={styles.head}>
        {label}
        <span className={styles.step}>
          step {run.step} of {run.steps}
          {run.status === "running" && secondsLeft !== undefined && `, ${formatDuration(secondsLeft)} left`}
        </span>
      </span>
      <ProgressBar label={label} done={run.step} total={run.steps} hideLabel />
    </a>
  );
}
