// Short confirmations ("Copied"), read aloud and gone by themselves. Nothing is said here that must not be missed.

import { useEffect } from "react";
import { useStore } from "../store";
import { Icon } from "./icon";
import styles from "./toasts.module.css";

const LIFETIME_MILLISECONDS = 5000;

export function Toasts() {
  const notices = useStore((state) => state.notices);
  const dismissNotice = useStore((state) => state.dismissNotice);
  const oldest = notices[0]?.id;
  useEffect(() => {
    if (oldest === undefined) return;
    const timer = setTimeout(() => dismissNotice(oldest), LIFETIME_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [oldest, dismissNotice]);
  return (
    <div className={styles.region} role="status" aria-live="polite">
      {notices.map((notice) => (
        <p key={notice.id} className={styles.toast}>
          <Icon name="check" />
          {notice.text}
        </p>
      ))}
    </div>
  );
}
