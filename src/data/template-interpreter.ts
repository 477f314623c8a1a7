// The Jinja interpreter of chat templates: @huggingface/jinja with an end, and with Python's rules where the library has
// others.
//
// Templates come from strangers, and a few nested loops, or a few operations on long texts, would keep the engine busy
// for ever. Steps are counted, not seconds, so that what a slow machine renders a fast one does too. What an operation
// takes is counted before it begins, for nothing can interrupt it.
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
type Filtering = Statement & { readonly filter: Filter };
type Filter = Statement & { readonly value?: string; readonly callee?: Filter };

/**
 * Statements, rounds of loops, and what long values take. A conversation of a thousand turns takes 90,000 in the median
 * of the published templates; a million take up to 2.5 s on the machine of the benchmarks.
 */
const MOST_STEPS = 1_000_000;
/** Characters of a text; entries of a list and all that is in them. */
export const LARGEST_VALUE = 4_000_000;
/** Characters or entries that most operations go through in the time of a step. */
const PARTS_A_STEP = 100;
/** Entries of a list, when it is made. */
const ENTRIES_A_STEP = 10;
/** Of characters, while one text is searched for another: at worst each is compared with each. */
const COMPARISONS_A_STEP = 10_000;
/** How often an entry is read while a list is sorted. */
const READS_BY_SORTING = 40;

/** An operation whose time depends on more than its longest value, and what has gone into it so far. */
interface Operation {
  /** "in", "sort", "." for a member, "()" for a call. */
  readonly name: string;
  readonly operands: Value[];
}

export class TemplateInterpreter extends BlockInterpreter {
  private steps = 0;
  private operation: Operation | undefined;
  /** Of lists and mappings that can't change. */
  private readonly sizes = new WeakMap<Value, number>();
  /** What a method is a method of. */
  private readonly owners = new WeakMap<Value, Value>();
  /** What loops go over: each entry is a round, also where the loop's body is empty. */
  private readonly loopedOver = new Set<Statement>();
  private readonly loopBodies = new Set<Block>();
  /** A continue or break on its way out to its loop, and what the blocks that it leaves had written. */
  private leaving: { readonly signal: unknown; readonly isBreak: boolean; written: string } | undefined;
  /** Loops that end before their next round. */
  private readonly broken = new Map<Block, unknown>();

  override evaluate(...[statement, environment]: Parameters<Evaluate>): Value {
    this.count(1);
    const outer = this.operation;
    const operation = operationOf(statement);
    this.operation = operation;
    let result: Value;
    try {
      result = this.compute(statement, environment);
    } finally {
      this.operation = outer;
    }
    if (operation?.name === "." && result.type === "FunctionValue") {
      this.owners.set(result, operation.operands[0]!);
    }
    this.take(result);
    if (statement && this.loopedOver.has(statement)) this.count(lengthOf(result));
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
    const result = super.evaluate({ type: "StringLiteral", value: written } as Statement, scope);
    this.take(result);
    return result;
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
    this.count(1 + lengthOf(a) / PARTS_A_STEP);
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

  /** Counts what a value takes that goes into the operation under way. */
  private take(value: Value): void {
    const size = this.sizeOf(value);
    if (size > LARGEST_VALUE) {
      throw new Error(`it makes a value of more than ${LARGEST_VALUE} characters or entries`);
    }
    this.count(lengthOf(value) / PARTS_A_STEP);
    if (!this.operation) return;
    const { name, operands } = this.operation;
    switch (name) {
      case "in":
      case "not in":
      case "replace":
      case "selectattr":
      case "rejectattr":
        this.countSearch(size, operands);
        break;
      case "sort":
      case "dictsort":
        this.countSort(size);
        break;
      case "()": {
        const owner = this.owners.get(value); // known when the method itself has come, after what it is given
        if (!owner) break;
        this.countSearch(this.sizeOf(owner), operands);
        if (owner.builtins.get("dictsort") === value) this.countSort(this.sizeOf(owner));
      }
    }
    operands.push(value);
  }

  private countSearch(size: number, others: readonly Value[]): void {
    for (const other of others) this.count((size * this.sizeOf(other)) / COMPARISONS_A_STEP);
  }

  private countSort(size: number): void {
    this.count((size * READS_BY_SORTING) / PARTS_A_STEP);
  }

  /** Characters of a text; entries of a list or mapping and all that is in them, as often as it is there. */
  private sizeOf(value: Value): number {
    if (!isContainer(value)) return lengthOf(value);
    const known = this.sizes.get(value);
    if (known !== undefined) return known;
    let size = lengthOf(value);
    this.count(size / ENTRIES_A_STEP);
    let isFixed = value.type !== "NamespaceValue";
    for (const entry of value.value.values()) {
      size += this.sizeOf(entry);
      if (size > LARGEST_VALUE) return size;
      isFixed &&= !isContainer(entry) || this.sizes.has(entry);
    }
    if (isFixed) this.sizes.set(value, size);
    return size;
  }

  private count(steps: number): void {
    this.steps += steps;
    if (this.steps > MOST_STEPS) throw new Error(`it takes more than ${MOST_STEPS} steps`);
  }
}

function operationOf(statement: Statement | undefined): Operation | undefined {
  const name = nameOf(statement);
  return name === undefined ? undefined : { name, operands: [] };
}

function nameOf(statement: Statement | undefined): string | undefined {
  switch (statement?.type) {
    case "MemberExpression":
      return ".";
    case "CallExpression":
    case "CallStatement":
      return "()";
    case "BinaryExpression":
      return (statement as Binary).operator.value;
    case "FilterExpression":
    case "FilterStatement": {
      const { filter } = statement as Filtering;
      return (filter.callee ?? filter).value;
    }
  }
  return undefined;
}

function isContainer(value: Value): value is Value & { value: Value[] | Map<string, Value> } {
  return Array.isArray(value.value) || (value.value as unknown) instanceof Map;
}

/** Characters, or entries. */
function lengthOf({ value }: Value): number {
  if (typeof value === "string" || Array.isArray(value)) return value.length;
  return (value as unknown) instanceof Map ? (value as unknown as Map<string, Value>).size : 0;
}

function isNumber(value: unknown): value is number | boolean {
  return typeof value === "number" || typeof value === "boolean";
}
