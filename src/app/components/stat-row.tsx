// Several numbers in columns that line up and wrap.

import type { ReactNode } from "react";
import styles from "./stat-row.module.css";

export interface StatRowProps {
  /** Stat elements. */
  readonly children: ReactNode;
}

export function StatRow({ children }: StatRowProps) {
  return <dl className={styles.row}>{children}</dl>;
}
