// Answers to the sample prompts, from the first evaluation to the last.

import type { SampleAnswers } from "../../../core/metrics";
import { formatCount } from "../../format";
import styles from "./train-room.module.css";

export interface SampleHistoryProps {
  readonly samples: readonly SampleAnswers[];
}

export function SampleHistory({ samples }: SampleHistoryProps) {
  const prompts = samples[0]?.answers.map(({ prompt }) => prompt) ?? [];
  if (prompts.length === 0) return null;
  return (
    <div className={styles.samples}>
      <h3>Sample answers</h3>
      {prompts.map((prompt, i) => (
        <div key={i}>
          <p className={styles.prompt}>{prompt}</p>
          <ol>
            {samples.map(({ step, answers }) => (
              <li key={step}>
                <span className={styles.note}>{step === 0 ? "before" : `step ${formatCount(step)}`}</span>
                <span>{answers[i]?.answer || "(empty)"}</span>
              </li>
            ))}
          </ol>
        </div>
      ))}
    </div>
  );
}
