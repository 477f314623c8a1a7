// A room of the page: its name, one sentence on what it is for, and its content. The heading takes the focus when the
// room is entered.

import { useEffect, useRef, type ReactNode } from "react";
import styles from "./room.module.css";

export interface RoomProps {
  readonly title: string;
  readonly lead?: ReactNode;
  readonly actions?: ReactNode;
  /** Uses the whole width, for tables and conversations side by side. */
  readonly wide?: boolean | undefined;
  readonly children: ReactNode;
}

export function Room({ title, lead, actions, wide, children }: RoomProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    // The first room of a visit leaves the focus alone, so that the skip link comes first.
    if (document.documentElement.dataset["visited"]) heading.current?.focus({ preventScroll: true });
    document.documentElement.dataset["visited"] = "yes";
  }, []);
  return (
    <div className={styles.room} data-wide={wide || undefined}>
      <header className={styles.head}>
        <div className={styles.words}>
          <h1 ref={heading} className={styles.title} tabIndex={-1}>
            {title}
          </h1>
          {lead && <div className={styles.lead}>{lead}</div>}
        </div>
        {actions && <div className={styles.actions}>{actions}</div>}
      </header>
      {children}
    </div>
  );
}
