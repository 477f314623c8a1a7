// The one plain next step at the end of a room.

import type { ReactNode } from "react";
import styles from "./next-step.module.css";

export interface NextStepProps {
  readonly children: ReactNode;
  /** A primary button. */
  readonly action?: ReactNode;
}

export function NextStep({ children, action }: NextStepProps) {
  return (
    <aside className={styles.step} aria-label="Next step">
      <div className={styles.text}>{children}</div>
      {action}
    </aside>
  );
}
