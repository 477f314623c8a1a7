// A dataset file → examples. What the file is called matters only for plain text; its form is recognised by content.
// Every row that can't be used becomes a RowProblem with its line, field and reason, and the good rows go on.
// Knows nothing of tokenizers and templates. Formats live in formats/, the JSON of the file in json-records.ts.

import { AppError } from "../core/errors";
import { isObject } from "../core/json";
import type { Example, RowProblem } from "../core/message";
import { FieldError, kindOf, type DatasetFormat, type Row } from "./formats/dataset-format";
import { formatNames, formats, type FormatName } from "./formats/index";
import { decodeDatasetText } from "./dataset-text";
import { readJsonRecords, type JsonRecord } from "./json-records";

export interface ExampleRow {
  /** 1-based number of the record in the file; bad rows count. */
  readonly row: number;
  /** 1-based line on which the record begins. */
  readonly line: number;
  readonly example: Example;
}

export interface Dataset {
  readonly fileName: string;
  /** The form of most rows; "plain-text" is a file of running text, whose one example is split by the cutoff length. */
  readonly format: FormatName | "plain-text";
  readonly examples: readonly ExampleRow[];
  readonly problems: readonly RowProblem[];
  /** Top-level fields that no form reads, with the number of rows that have them: "tools", "id", … */
  readonly unusedFields: ReadonlyMap<string, number>;
}

/**
 * Reads a whole file. Throws AppError("bad-dataset") when the file as such is of no use: binary, empty, broken JSON
 * list, no row of a known form.
 */
export function readDataset(fileName: string, content: string | Uint8Array): Dataset {
  const text = decodeDatasetText(fileName, content);
  const firstCharacter = /\S/.exec(text)?.[0];
  if (firstCharacter === undefined) throw new AppError("bad-dataset", `${fileName}: the file is empty.`);
  const looksLikeJson = firstCharacter === "{" || firstCharacter === "[";
  if (/\.(csv|tsv)$/i.test(fileName)) {
    throw new AppError(
      "bad-dataset",
      `${fileName}: tables (CSV, TSV) can't be read yet. Save it as JSON Lines, one object a line.`,
    );
  }
  if (/\.(txt|text|md)$/i.test(fileName) && !(looksLikeJson && holdsKnownRows(fileName, text))) {
    const examples = [{ row: 1, line: 1, example: { kind: "text", text } as const }];
    return { fileName, format: "plain-text", examples, problems: [], unusedFields: new Map() };
  }
  const { records, problems } = readJsonRecords(
    text,
    fileName,
    (value) => isObject(value) && formatOf(value) !== undefined,
  );
  if (records.length === 0) {
    const first = problems[0];
    const why = first
      ? `it is neither a JSON list nor JSON Lines (line ${first.line}: ${first.reason}). If it is running text, name it .txt`
      : "it holds no rows";
    throw new AppError("bad-dataset", `${fileName}: ${why}. ${knownForms()}`);
  }
  return readRecords(fileName, records, problems);
}

function readRecords(
  fileName: string,
  records: readonly JsonRecord[],
  jsonProblems: readonly RowProblem[],
): Dataset {
  const main = mostFrequentFormat(records);
  if (main === undefined)
    throw new AppError(
      "bad-dataset",
      `${fileName}: no row has a known form (${describeFields(records)}). ${knownForms()}`,
    );
  const examples: ExampleRow[] = [];
  const problems = [...jsonProblems];
  const unusedFields = new Map<string, number>();
  for (const { value, row, line } of records) {
    try {
      if (!isObject(value)) throw new FieldError("", `the row is ${kindOf(value)}; an object was expected`);
      const format: DatasetFormat = formats[formatOfRow(value, main)];
      const example = format.read(value);
      examples.push({ row, line, example });
      for (const field of Object.keys(value)) {
        if (!format.fields.includes(field)) unusedFields.set(field, (unusedFields.get(field) ?? 0) + 1);
      }
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      problems.push({ line, row, field: error.field, reason: error.message + preferenceHint(value) });
    }
  }
  problems.sort((a, b) => a.row - b.row);
  return { fileName, format: main, examples, problems, unusedFields };
}

function formatOf(row: Row): FormatName | undefined {
  return formatNames.find((name) => formats[name].recognises(row));
}

/**
 * The file's main form wins where it fits or where a row was meant for it (has one of its fields), so that a missing
 * field is named; only rows that share nothing with it are read by another form.
 */
function formatOfRow(row: Row, main: FormatName): FormatName {
  const format: DatasetFormat = formats[main];
  if (format.recognises(row) || format.fields.some((field) => field in row)) return main;
  return formatOf(row) ?? main;
}

function mostFrequentFormat(records: readonly JsonRecord[]): FormatName | undefined {
  const counts = new Map<FormatName, number>();
  for (const { value } of records) {
    const format = isObject(value) ? formatOf(value) : undefined;
    if (format) counts.set(format, (counts.get(format) ?? 0) + 1);
  }
  let best: FormatName | undefined;
  for (const name of formatNames)
    if (counts.has(name) && (best === undefined || counts.get(name)! > counts.get(best)!)) best = name;
  return best;
}

function holdsKnownRows(fileName: string, text: string): boolean {
  try {
    return mostFrequentFormat(readJsonRecords(text, fileName, isObject).records) !== undefined;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

function preferenceHint(value: unknown): string {
  if (!isObject(value) || !("chosen" in value && "rejected" in value)) return "";
  return '. The row is a preference pair (chosen, rejected); to train on the chosen answers, save them as {"prompt", "completion"}';
}

function describeFields(records: readonly JsonRecord[]): string {
  const first = records.find(({ value }) => isObject(value))?.value;
  if (!isObject(first)) return `the first row is ${kindOf(records[0]?.value)}`;
  const fields = Object.keys(first);
  const shown = fields.slice(0, 12).map((field) => JSON.stringify(field.slice(0, 40)));
  return `the first row's fields are ${shown.join(", ")}${fields.length > 12 ? ", …" : ""}`;
}

function knownForms(): string {
  return `Known forms: ${formatNames.map((name) => formats[name].shape).join("; ")}.`;
}
