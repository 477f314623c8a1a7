// How long the rows are in tokens, and where they are cut.

import { formatCount, formatCounted, formatPercent } from "../../format";
import styles from "./data-room.module.css";
import { lengthHistogram } from "./histogram";

export interface LengthHistogramProps {
  readonly lengths: Uint32Array;
  /** Tokens; undefined draws no line. */
  readonly cutoff: number;
  readonly cutRows: number;
}

const WIDTH = 600;
const HEIGHT = 96;

export function LengthHistogram({ lengths, cutoff, cutRows }: LengthHistogramProps) {
  const { width, counts, longest, median } = lengthHistogram(lengths);
  const highest = Math.max(...counts, 1);
  const span = counts.length * width;
  const summary = `Rows have ${formatCount(median)} tokens in the middle and ${formatCount(longest)} at most. ${
    cutRows === 0
      ? `None is longer than the cutoff of ${formatCount(cutoff)}.`
      : `${formatCounted(cutRows, "row")} (${formatPercent(cutRows / Math.max(1, lengths.length))}) longer than the cutoff of ${formatCount(cutoff)} will be cut at the end.`
  }`;
  return (
    <figure className={styles.histogram}>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" role="img" aria-label={summary}>
        {counts.map((count, bin) => (
          <rect
            key={bin}
            className={bin * width >= cutoff ? styles.barCut : styles.bar}
            x={(bin / counts.length) * WIDTH + 0.5}
            y={HEIGHT - (count / highest) * (HEIGHT - 4)}
            width={Math.max(0.5, WIDTH / counts.length - 1)}
            height={(count / highest) * (HEIGHT - 4)}
          >
            <title>{`${bin * width + 1} to ${(bin + 1) * width} tokens: ${formatCounted(count, "row")}`}</title>
          </rect>
        ))}
        {cutoff < span && (
          <line
            className={styles.cutoffLine}
            x1={(cutoff / span) * WIDTH}
            x2={(cutoff / span) * WIDTH}
            y1="0"
            y2={HEIGHT}
          />
        )}
      </svg>
      <div className={styles.axis} aria-hidden="true">
        <span>1</span>
        <span>{formatCount(span)} tokens</span>
      </div>
      <figcaption className={styles.note}>{summary}</figcaption>
    </figure>
  );
}
