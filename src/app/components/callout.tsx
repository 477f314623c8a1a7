// A note set apart from the text: what to know, what went well, what to heed, what went wrong.

import type { ReactNode } from "react";
import styles from "./callout.module.css";
import { classNames } from "./class-names";
import { Icon, type IconName } from "./icon";
import { IconButton } from "./icon-button";

export type Tone = "info" | "good" | "warning" | "error";

export interface CalloutProps {
  readonly tone: Tone;
  readonly title?: ReactNode;
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  readonly onDismiss?: (() => void) | undefined;
}

const icons: Readonly<Record<Tone, IconName>> = {
  info: "info",
  good: "check",
  warning: "warning",
  error: "error",
};

export function Callout({ tone, title, children, action, onDismiss }: CalloutProps) {
  return (
    <div className={classNames(styles.callout, styles[tone])} role={tone === "error" ? "alert" : "status"}>
      <Icon name={icons[tone]} />
      <div className={styles.body}>
        {title && <p className={styles.title}>{title}</p>}
        {children && <div className={styles.text}>{children}</div>}
        {action && <div className={styles.action}>{action}</div>}
      </div>
      {onDismiss && <IconButton label="Dismiss" icon={<Icon name="close" />} onClick={onDismiss} />}
    </div>
  );
}
