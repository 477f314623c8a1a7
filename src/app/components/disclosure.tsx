// Something that most people need not see at once. The browser's own element, so that find-in-page opens it.

import type { ReactNode } from "react";
import styles from "./disclosure.module.css";
import { Icon } from "./icon";

export interface DisclosureProps {
  readonly summary: ReactNode;
  readonly children: ReactNode;
  readonly defaultOpen?: boolean | undefined;
}

export function Disclosure({ summary, children, defaultOpen = false }: DisclosureProps) {
  return (
    <details className={styles.disclosure} open={defaultOpen}>
      <summary className={styles.summary}>
        <Icon name="right" />
        {summary}
      </summary>
      <div className={styles.content}>{children}</div>
    </details>
  );
}
