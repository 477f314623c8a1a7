// What the sample's one click is doing.

import { Icon } from "../../components/icon";
import type { TourStep } from "../../sample-tour";
import styles from "./tour-progress.module.css";

export interface TourProgressProps {
  readonly step: TourStep;
}

const steps: readonly (readonly [TourStep, string])[] = [
  ["model", "Open the built-in model"],
  ["data", "Open the sample dataset"],
  ["train", "Train"],
  ["chat", "Ask before and after, side by side"],
];

export function TourProgress({ step }: TourProgressProps) {
  const current = steps.findIndex(([name]) => name === step);
  return (
    <ol className={styles.steps} aria-label="The sample">
      {steps.map(([name, text], index) => (
        <li
          key={name}
          className={index < current ? styles.done : index === current ? styles.current : undefined}
          aria-current={index === current ? "step" : undefined}
        >
          <span className={styles.mark} aria-hidden="true">
            {index < current ? <Icon name="check" /> : index + 1}
          </span>
          {text}
          {index < current && <span className="visually-hidden"> (done)</span>}
        </li>
      ))}
    </ol>
  );
}
