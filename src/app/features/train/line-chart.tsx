// A curve over steps, drawn by uPlot from typed arrays; React is not asked at every step. What the curve shows stands
// below it in words.

import { useEffect, useRef } from "react";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { formatNumber } from "../../format";
import { useStore } from "../../store";
import { runSeries, type StepColumn } from "./run-series";
import styles from "./train-room.module.css";

export interface LineChartProps {
  readonly title: string;
  readonly column: StepColumn;
  /** Draws the evaluations' losses as points. */
  readonly withEvaluations?: boolean;
  /** The curve in words. */
  readonly summary: string;
}

const HEIGHT = 200;

/** Distances between marks on the axis of steps: there is no half step. */
const wholeSteps = [1, 10, 100, 1e3, 1e4, 1e5, 1e6].flatMap((size) => [size, 2 * size, 5 * size]);

export function LineChart({ title, column, withEvaluations = false, summary }: LineChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useStore((state) => state.scheme);
  useEffect(() => {
    const place = box.current!;
    const colour = (name: string): string => {
      place.style.color = `var(${name})`;
      const resolved = getComputedStyle(place).color;
      place.style.color = "";
      return resolved;
    };
    const axis: UPlot.Axis = {
      stroke: colour("--ink-soft"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { stroke: colour("--line"), width: 1 },
      font: "12px system-ui, sans-serif",
    };
    const series: UPlot.Series[] = [
      { label: "step" },
      { label: title, stroke: colour("--accent"), width: 1.5, points: { show: false } },
    ];
    if (withEvaluations) {
      const points = { show: true, size: 8, fill: colour("--warning"), stroke: colour("--warning") };
      series.push({ label: "evaluation", stroke: colour("--warning"), width: 1, spanGaps: true, points });
    }
    const chart = new UPlot(
      {
        width: place.clientWidth,
        height: HEIGHT,
        scales: { x: { time: false } },
        axes: [
          { ...axis, incrs: wholeSteps },
          { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => formatNumber(tick, 3)) },
        ],
        series,
        legend: { show: false },
        cursor: { drag: { x: false, y: false } },
      },
      chartData(column, withEvaluations),
      place,
    );
    const redraw = (): void => chart.setData(chartData(column, withEvaluations));
    const stop = runSeries.subscribe(redraw);
    const observer = new ResizeObserver(() => chart.setSize({ width: place.clientWidth, height: HEIGHT }));
    observer.observe(place);
    return () => {
      stop();
      observer.disconnect();
      chart.destroy();
    };
  }, [title, column, withEvaluations, scheme]);
  return (
    <figure className={styles.chart}>
      <figcaption>
        <span className={styles.chartTitle}>{title}</span>
        <span className={styles.note}>{summary}</span>
      </figcaption>
      <div ref={box} aria-hidden="true" />
    </figure>
  );
}

/** uPlot wants one axis for all curves: evaluations lie on their steps, with gaps between. */
function chartData(column: StepColumn, withEvaluations: boolean): UPlot.AlignedData {
  const { steps, values } = runSeries.curve(column);
  if (!withEvaluations) return [steps, values];
  const evaluations = runSeries.evaluations();
  return UPlot.join([
    [steps, values],
    [evaluations.steps, evaluations.values],
  ]);
}
