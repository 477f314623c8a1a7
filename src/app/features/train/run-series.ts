// The curves of a run, outside React: columns that grow, and a bell that rings at most ten times a second.

import type { RunEvent } from "../../../core/metrics";

export const stepColumns = ["loss", "learningRate", "gradientNorm", "tokenAccuracy"] as const;
export type StepColumn = (typeof stepColumns)[number];

const FIRST_CAPACITY = 256;
const RING_MILLISECONDS = 100;

/** One column of numbers that grows by doubling. */
class Column {
  private values = new Float64Array(FIRST_CAPACITY);
  length = 0;

  push(value: number): void {
    if (this.length === this.values.length) {
      const wider = new Float64Array(2 * this.length);
      wider.set(this.values);
      this.values = wider;
    }
    this.values[this.length++] = value;
  }

  /** A view, valid until the next push. */
  view(): Float64Array {
    return this.values.subarray(0, this.length);
  }
}

export class RunSeries {
  private steps = new Column();
  private columns = newColumns();
  private evaluationSteps = new Column();
  private evaluationLosses = new Column();
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;

  clear(): void {
    this.steps = new Column();
    this.columns = newColumns();
    this.evaluationSteps = new Column();
    this.evaluationLosses = new Column();
    this.ring();
  }

  add(event: RunEvent): void {
    if (event.kind === "step") {
      this.steps.push(event.step);
      for (const name of stepColumns) this.columns[name].push(event[name]);
    } else if (event.kind === "evaluation") {
      this.evaluationSteps.push(event.step);
      this.evaluationLosses.push(event.loss);
    } else return;
    this.ring();
  }

  /** Steps and the values of a column, of equal length. */
  curve(column: StepColumn): { readonly steps: Float64Array; readonly values: Float64Array } {
    return { steps: this.steps.view(), values: this.columns[column].view() };
  }

  evaluations(): { readonly steps: Float64Array; readonly values: Float64Array } {
    return { steps: this.evaluationSteps.view(), values: this.evaluationLosses.view() };
  }

  /** Calls `listener` after changes, at most ten times a second. Returns how to stop that. */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private ring(): void {
    this.timer ??= setTimeout(() => {
      this.timer = undefined;
      this.listeners.forEach((listener) => listener());
    }, RING_MILLISECONDS);
  }
}

function newColumns(): Record<StepColumn, Column> {
  return {
    loss: new Column(),
    learningRate: new Column(),
    gradientNorm: new Column(),
    tokenAccuracy: new Column(),
  };
}

/** Of the run under way, or of the last one. */
export const runSeries = new RunSeries();
