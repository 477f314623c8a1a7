// The Jinja interpreter of chat templates: @huggingface/jinja with an end, and with Python's rules where the library has
// others.
//
// Templates come from strangers, and a few nested loops would keep the engine busy for ever. Steps are counted, not
// seconds, so that what a slow machine renders a fast one does too.
//
// Other than in Python, the library compares as JavaScript does ("" equals false), loses what a round of a loop has
// written before a continue or break, and lets a round see the variables of the one before. The last two are mended in
// evaluateBlock, which the library calls for every block but does not offer to others.

import { Environment, Interpreter } from "@huggingface/jinja";

type Evaluate = Interpreter["evaluate"];
type Statement = NonNullable<Parameters<Evaluate>[0]>;
type Value = ReturnType<Evaluate>;
type Block = Statement[];

interface BlockInterpreter {
  run: Interpreter["run"];
  evaluate(...given: Parameters<Evaluate>): Value;
  evaluateBlock(block: Block, environment: Environment): Value;
}
const BlockInterpreter = Interpreter as unknown as new (environment: Environment) => BlockInterpreter;

type For = Statement & { readonly iterable: Statement & { readonly lhs?: Statement }; readonly body: Block };
type Binary = Statement & {
  readonly left: Statement;
  readonly right: Statement;
  readonly operator: { readonly value: string };
};

/** Statements and rounds of loops. A conversation of a thousand turns takes some tens of thousands. */
const MOST_STEPS = 1_000_000;
/** Characters of a text, entries of a list. */
const LONGEST_VALUE = 4_000_000;

export class TemplateInterpreter extends BlockInterpreter {
  private steps = 0;
  /** What loops go over: each entry is a round, also where the loop's body is empty. */
  private readonly loopedOver = new Set<Statement>();
  private readonly loopBodies = new Set<Block>();
  /** A continue or break on its way out to its loop, and what the blocks that it leaves had written. */
  private leaving: { readonly signal: unknown; readonly isBreak: boolean; written: string } | undefined;
  /** Loops that end before their next round. */
  private readonly broken = new Map<Block, unknown>();

  override evaluate(...[statement, environment]: Parameters<Evaluate>): Value {
    this.count(1);
    const result = this.compute(statement, environment);
    const { value } = result;
    const length = typeof value === "string" || Array.isArray(value) ? value.length : 0;
    if (length > LONGEST_VALUE) {
      throw new Error(`it makes a value of ${length} parts; at most ${LONGEST_VALUE} are allowed`);
    }
    if (statement && this.loopedOver.has(statement)) this.count(length);
    return result;
  }

  override evaluateBlock(block: Block, environment: Environment): Value {
    const isLoop = this.loopBodies.has(block);
    if (this.broken.has(block)) throw this.broken.get(block);
    const scope = isLoop ? new Environment(environment) : environment;
    let written = "";
    try {
      for (const statement of block) written += String(super.evaluateBlock([statement], scope).value);
    } catch (signal) {
      const { leaving } = this;
      if (!leaving || leaving.signal !== signal) throw signal;
      leaving.written = written + leaving.written;
      if (!isLoop) throw signal;
      written = leaving.written;
      if (leaving.isBreak) this.broken.set(block, signal);
    }
    return super.evaluate({ type: "StringLiteral", value: written } as Statement, scope);
  }

  private compute(...[statement, environment]: Parameters<Evaluate>): Value {
    switch (statement?.type) {
      case "For": {
        const { iterable, body } = statement as For;
        this.loopedOver.add(iterable.lhs ?? iterable);
        this.loopBodies.add(body);
        const result = super.evaluate(statement, environment);
        this.broken.delete(body);
        return result;
      }
      case "Continue":
      case "Break":
        try {
          return super.evaluate(statement, environment);
        } catch (signal) {
          this.leaving = { signal, isBreak: statement.type === "Break", written: "" };
          throw signal;
        }
      case "BinaryExpression": {
        const { left, right, operator } = statement as Binary;
        if (operator.value !== "==" && operator.value !== "!=") break;
        const areEqual = this.areEqual(this.evaluate(left, environment), this.evaluate(right, environment));
        return environment.lookupVariable(areEqual === (operator.value === "==") ? "true" : "false");
      }
    }
    return super.evaluate(statement, environment);
  }

  private areEqual(a: Value, b: Value): boolean {
    this.count(1);
    const [one, other] = [a.value as unknown, b.value as unknown];
    if (isNumber(one) && isNumber(other)) return Number(one) === Number(other); // True equals 1
    if (Array.isArray(one) && Array.isArray(other)) {
      return (
        one.length === other.length &&
        one.every((entry, i) => this.areEqual(entry as Value, other[i] as Value))
      );
    }
    if (one instanceof Map && other instanceof Map) {
      return (
        one.size === other.size &&
        [...one].every(
          ([key, entry]) => other.has(key) && this.areEqual(entry as Value, other.get(key) as Value),
        )
      );
    }
    return a.type === b.type && one === other;
  }

  private count(steps: number): void {
    this.steps += steps;
    if (this.steps > MOST_STEPS) throw new Error(`it takes more than ${MOST_STEPS} steps`);
  }
}

function isNumber(value: unknown): value is number | boolean {
  return typeof value === "number" || typeof value === "boolean";
}
