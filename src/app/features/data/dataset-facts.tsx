// The open dataset in numbers.

import { Stat } from "../../components/stat";
import { StatRow } from "../../components/stat-row";
import type { DatasetSummary, TokenizedSummary } from "../../../engine/api";
import { formatBytes, formatCount, formatPercent } from "../../format";
import styles from "./data-room.module.css";

export interface DatasetFactsProps {
  readonly dataset: DatasetSummary;
  readonly tokenized: TokenizedSummary | undefined;
}

export function DatasetFacts({ dataset, tokenized }: DatasetFactsProps) {
  const problems = tokenized?.problems ?? dataset.problems;
  return (
    <>
      <StatRow>
        <Stat label="Form" value={dataset.formatTitle} hint="recognised by its content" />
        <Stat
          label="Rows that can be used"
          value={formatCount(tokenized?.rows ?? dataset.rows)}
          hint={problems > 0 ? `${formatCount(problems)} left out` : "all of them"}
        />
        {tokenized && <Stat label="Tokens" value={formatCount(tokenized.totalTokens)} />}
        {tokenized && (
          <Stat
            label="Trained tokens"
            value={formatCount(tokenized.supervisedTokens)}
            hint={`${formatPercent(tokenized.supervisedTokens / Math.max(1, tokenized.totalTokens))} of all`}
          />
        )}
        <Stat label="File size" value={formatBytes(dataset.bytes)} />
      </StatRow>
      {dataset.unusedFields.length > 0 && (
        <p className={styles.note}>
          Fields that are not read:{" "}
          {dataset.unusedFields.map(([field, rows], i) => (
            <span key={field}>
              {i > 0 && ", "}
              <code>{field}</code> ({formatCount(rows)})
            </span>
          ))}
        </p>
      )}
    </>
  );
}
