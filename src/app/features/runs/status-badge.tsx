// A run's status: a coloured mark and the word.

import type { RunStatus } from "../../../core/run-record";
import { classNames } from "../../components/class-names";
import { statusTexts } from "./run-status-text";
import styles from "./status-badge.module.css";

export interface StatusBadgeProps {
  readonly status: RunStatus;
}

export function StatusBadge({ status }: StatusBadgeProps) {
  const { text, tone } = statusTexts[status];
  return <span className={classNames(styles.badge, styles[tone])}>{text}</span>;
}
