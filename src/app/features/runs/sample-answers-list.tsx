// A run's answers to its sample prompts: the last ones, with the first beside them.

import type { RunEvent } from "../../../core/metrics";
import { formatCount } from "../../format";
import styles from "./runs-room.module.css";

export interface SampleAnswersListProps {
  readonly events: readonly RunEvent[];
}

export function SampleAnswersList({ events }: SampleAnswersListProps) {
  const samples = events.filter((event) => event.kind === "samples");
  const last = samples.at(-1);
  if (!last || last.answers.length === 0) return null;
  const first = samples.length > 1 ? samples[0] : undefined;
  return (
    <div className={styles.samples}>
      <h3 className={styles.subtitle}>Sample answers after step {formatCount(last.step)}</h3>
      {last.answers.map(({ prompt, answer }, index) => (
        <div key={index}>
          <p className={styles.prompt}>{prompt}</p>
          <p className={styles.answer}>{answer || "(empty)"}</p>
          {first?.answers[index] && (
            <p className={styles.prompt}>
              After step {formatCount(first.step)}: {first.answers[index].answer || "(empty)"}
            </p>
          )}
        </div>
      ))}
    </div>
  );
}
