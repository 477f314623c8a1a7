// A number that is typed freely and taken when the field is left or Enter is pressed. What isn't a number or is out of
// range stays in the field with the range beside it, and the last good value stays in force. Arrow keys step.

import { useState, type KeyboardEvent } from "react";
import { formatNumber } from "../format";
import { classNames } from "./class-names";
import { Field } from "./field";
import styles from "./text-input.module.css";

export interface NumberFieldProps {
  readonly label: string;
  readonly value: number;
  readonly onChange: (value: number) => void;
  readonly min: number;
  readonly max: number;
  /** `min` itself is excluded. */
  readonly above?: boolean | undefined;
  /** `max` itself is excluded. */
  readonly below?: boolean | undefined;
  /** Of the arrow keys. */
  readonly step?: number | undefined;
  readonly unit?: string | undefined;
  readonly hint?: string | undefined;
  readonly whole?: boolean | undefined;
  readonly error?: string | undefined;
  readonly disabled?: boolean | undefined;
}

export function NumberField(props: NumberFieldProps) {
  const { label, value, onChange, unit, hint, whole, error, disabled } = props;
  const step = props.step ?? (whole ? 1 : undefined);
  const [draft, setDraft] = useState<string>();
  const [fault, setFault] = useState<string>();
  const [known, setKnown] = useState(value);
  if (known !== value) {
    // changed from outside: what was being typed is about an old value
    setKnown(value);
    setDraft(undefined);
    setFault(undefined);
  }

  const take = (text: string): void => {
    const number = readNumber(text);
    if (number === undefined || !isAllowed(number, props)) {
      setFault(`“${text.trim()}” can’t be used: ${describe(props)} is needed.`);
      return;
    }
    setDraft(undefined);
    setFault(undefined);
    if (number !== value) onChange(number);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.key === "Enter" && draft !== undefined) take(draft);
    if (event.key === "Escape" && draft !== undefined) {
      event.stopPropagation();
      setDraft(undefined);
      setFault(undefined);
    }
    const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : 0;
    if (direction === 0 || step === undefined) return;
    event.preventDefault();
    const from = draft === undefined ? value : (readNumber(draft) ?? value);
    const next = Number((from + direction * step).toPrecision(12));
    if (isAllowed(next, props)) take(String(next));
  };

  return (
    <Field label={label} hint={hint} unit={unit} error={fault ?? error}>
      {({ controlId, describedBy, invalid }) => (
        <input
          id={controlId}
          className={classNames(styles.control, styles.number)}
          type="text"
          inputMode={whole ? "numeric" : "decimal"}
          autoComplete="off"
          spellCheck={false}
          value={draft ?? String(value)}
          disabled={disabled}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          onChange={(event) => {
            setDraft(event.target.value);
            setFault(undefined);
          }}
          onBlur={() => draft !== undefined && take(draft)}
          onKeyDown={onKeyDown}
        />
      )}
    </Field>
  );
}

/** Reads "0.5", "0,5", "2e-4", "1 000". */
function readNumber(text: string): number | undefined {
  const plain = text
    .trim()
    .replace(/[\s\u202f]/g, "")
    .replace("−", "-");
  const number = Number(plain.includes(".") ? plain.replaceAll(",", "") : plain.replace(",", "."));
  return plain === "" || !Number.isFinite(number) ? undefined : number;
}

function isAllowed(number: number, { min, max, above, below, whole }: NumberFieldProps): boolean {
  if (whole && !Number.isInteger(number)) return false;
  return (above ? number > min : number >= min) && (below ? number < max : number <= max);
}

function describe({ min, max, above, below, whole, unit }: NumberFieldProps): string {
  const kind = whole ? "a whole number" : "a number";
  const from = above ? `above ${formatNumber(min)}` : `from ${formatNumber(min)}`;
  const to = below
    ? `to below ${formatNumber(max)}`
    : above
      ? `up to ${formatNumber(max)}`
      : `to ${formatNumber(max)}`;
  return `${kind} ${from} ${to}${unit ? ` (${unit})` : ""}`;
}
