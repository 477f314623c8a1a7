// A button with words. `busy` keeps it focusable and says so, but lets no second press through.

import type { ComponentPropsWithRef, ReactNode } from "react";
import styles from "./button.module.css";
import { classNames } from "./class-names";

export interface ButtonProps extends ComponentPropsWithRef<"button"> {
  readonly variant?: "primary" | "plain" | "quiet" | "danger" | undefined;
  readonly size?: "small" | "normal" | undefined;
  readonly icon?: ReactNode;
  readonly busy?: boolean | undefined;
}

export function Button({
  variant = "plain",
  size = "normal",
  icon,
  busy = false,
  className,
  children,
  onClick,
  ...native
}: ButtonProps) {
  return (
    <button
      type="button"
      {...native}
      className={classNames(styles.button, styles[variant], styles[size], busy && styles.busy, className)}
      aria-busy={busy || undefined}
      aria-disabled={busy || native["aria-disabled"] || undefined}
      onClick={busy ? (event) => event.preventDefault() : onClick}
    >
      {busy ? <span className={styles.spinner} aria-hidden="true" /> : icon}
      {children}
    </button>
  );
}
