// How far a job is. A total of 0 means that it is not known: the bar then only shows that something goes on.

import type { ReactNode } from "react";
import { formatPercent } from "../format";
import { classNames } from "./class-names";
import styles from "./progress-bar.module.css";

export interface ProgressBarProps {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** Below the bar: amounts, speed, time left. */
  readonly detail?: ReactNode;
  /** Only for screen readers, where the place says what it is. */
  readonly hideLabel?: boolean | undefined;
}

export function ProgressBar({ label, done, total, detail, hideLabel }: ProgressBarProps) {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : undefined;
  return (
    <div className={styles.progress}>
      {!hideLabel && (
        <div className={styles.head}>
          <span>{label}</span>
          {share !== undefined && <span className={styles.share}>{formatPercent(share)}</span>}
        </div>
      )}
      <div
        className={styles.track}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={share === undefined ? undefined : Math.round(share * 100)}
      >
        <div
          className={classNames(styles.bar, share === undefined && styles.unknown)}
          style={share === undefined ? undefined : { transform: `scaleX(${share})` }}
        />
      </div>
      {detail && <div className={styles.detail}>{detail}</div>}
    </div>
  );
}
