// Rows that can't be used: where, why, and all of them as a file.

import type { RowProblem } from "../../../core/message";
import { Button } from "../../components/button";
import { Icon } from "../../components/icon";
import { formatCount, formatCounted } from "../../format";
import { useStore } from "../../store";
import styles from "./data-room.module.css";

export interface ProblemListProps {
  /** All problems. */
  readonly count: number;
  /** The first of them. */
  readonly problems: readonly RowProblem[];
}

export function ProblemList({ count, problems }: ProblemListProps) {
  const download = useStore((state) => state.downloadProblems);
  return (
    <div className={styles.problems}>
      <div className={styles.scrollX} role="region" aria-label="Rows that can’t be used" tabIndex={0}>
        <table>
          <thead>
            <tr>
              <th scope="col">Row</th>
              <th scope="col">Line</th>
              <th scope="col">Field</th>
              <th scope="col">Why it is left out</th>
            </tr>
          </thead>
          <tbody>
            {problems.map(({ row, line, field, reason }, i) => (
              <tr key={i}>
                <td>{formatCount(row)}</td>
                <td>{formatCount(line)}</td>
                <td>{field ? <code>{field}</code> : "–"}</td>
                <td className={styles.reason}>{reason}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className={styles.line}>
        {count > problems.length && (
          <span className={styles.note}>
            The first {formatCount(problems.length)} of {formatCounted(count, "problem")}.
          </span>
        )}
        <Button size="small" icon={<Icon name="export" />} onClick={() => void download()}>
          Download all as JSON Lines
        </Button>
      </div>
    </div>
  );
}
