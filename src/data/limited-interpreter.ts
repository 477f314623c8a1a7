// The Jinja interpreter with an end: templates come from strangers, and a few nested loops would keep the engine busy for
// ever. Steps are counted, not seconds, so that what a slow machine renders a fast one does too.

import { Interpreter } from "@huggingface/jinja";

type Evaluate = Interpreter["evaluate"];
type Statement = NonNullable<Parameters<Evaluate>[0]>;

/** Statements and rounds of loops. A conversation of a thousand turns takes some tens of thousands. */
const MOST_STEPS = 1_000_000;
/** Characters of a text, entries of a list. */
const LONGEST_VALUE = 4_000_000;

export class LimitedInterpreter extends Interpreter {
  private steps = 0;
  /** What loops go over: each entry is a round, also where the loop's body is empty. */
  private readonly loopedOver = new Set<Statement>();

  override evaluate(...[statement, environment]: Parameters<Evaluate>): ReturnType<Evaluate> {
    if (statement?.type === "For") {
      const { iterable } = statement as unknown as { readonly iterable: Statement & { lhs?: Statement } };
      this.loopedOver.add(iterable.lhs ?? iterable);
    }
    this.count(1);
    const result = super.evaluate(statement, environment);
    const { value } = result;
    const length = typeof value === "string" || Array.isArray(value) ? value.length : 0;
    if (length > LONGEST_VALUE) {
      throw new Error(`it makes a value of ${length} parts; at most ${LONGEST_VALUE} are allowed`);
    }
    if (statement && this.loopedOver.has(statement)) this.count(length);
    return result;
  }

  private count(steps: number): void {
    this.steps += steps;
    if (this.steps > MOST_STEPS) throw new Error(`it takes more than ${MOST_STEPS} steps`);
  }
}
