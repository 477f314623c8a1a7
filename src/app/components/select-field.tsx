// One of several values. The browser's own list: it is what phones and screen readers know best.

import { classNames } from "./class-names";
import { Field } from "./field";
import { Icon } from "./icon";
import styles from "./text-input.module.css";

export interface SelectOption<Value extends string> {
  readonly value: Value;
  readonly label: string;
  /** Shown below while the option is chosen. */
  readonly hint?: string | undefined;
  readonly disabled?: boolean | undefined;
}

export interface SelectFieldProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly SelectOption<Value>[];
  readonly onChange: (value: Value) => void;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly hideLabel?: boolean | undefined;
}

export function SelectField<Value extends string>(props: SelectFieldProps<Value>) {
  const { label, value, options, onChange, hint, error, disabled, hideLabel } = props;
  const chosen = options.find((option) => option.value === value);
  return (
    <Field
      label={label}
      hint={[hint, chosen?.hint].filter(Boolean).join(" ")}
      error={error}
      hideLabel={hideLabel}
    >
      {({ controlId, describedBy, invalid }) => (
        <span className={styles.selectBox}>
          <select
            id={controlId}
            className={classNames(styles.control, styles.select)}
            value={value}
            disabled={disabled}
            aria-describedby={describedBy}
            aria-invalid={invalid || undefined}
            onChange={(event) => onChange(event.target.value as Value)}
          >
            {options.map((option) => (
              <option key={option.value} value={option.value} disabled={option.disabled}>
                {option.label}
              </option>
            ))}
          </select>
          <Icon name="down" />
        </span>
      )}
    </Field>
  );
}
