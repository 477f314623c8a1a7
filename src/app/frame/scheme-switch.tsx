// Goes round the three colour schemes: the system's, light, dark.

import { Icon, type IconName } from "../components/icon";
import type { Scheme } from "../shell-slice";
import { useStore } from "../store";
import styles from "./scheme-switch.module.css";

const schemes: Readonly<Record<Scheme, { icon: IconName; label: string; next: Scheme }>> = {
  system: { icon: "system", label: "System colours", next: "light" },
  light: { icon: "light", label: "Light colours", next: "dark" },
  dark: { icon: "dark", label: "Dark colours", next: "system" },
};

export function SchemeSwitch() {
  const scheme = useStore((state) => state.scheme);
  const setScheme = useStore((state) => state.setScheme);
  const { icon, label, next } = schemes[scheme];
  return (
    <button
      type="button"
      className={styles.switch}
      aria-label={`${label}. Change to: ${schemes[next].label.toLowerCase()}`}
      title={label}
      onClick={() => setScheme(next)}
    >
      <Icon name={icon} />
      <span className={styles.words}>{label}</span>
    </button>
  );
}
