// One number with its name and unit.

import type { ReactNode } from "react";
import styles from "./stat.module.css";

export interface StatProps {
  readonly label: string;
  readonly value: ReactNode;
  readonly unit?: string | undefined;
  readonly hint?: string | undefined;
}

/** Belongs in a StatRow. */
export function Stat({ label, value, unit, hint }: StatProps) {
  return (
    <div className={styles.stat}>
      <dt className={styles.label}>{label}</dt>
      <dd className={styles.value}>
        {value}
        {unit && <span className={styles.unit}> {unit}</span>}
        {hint && <span className={styles.hint}>{hint}</span>}
      </dd>
    </div>
  );
}
