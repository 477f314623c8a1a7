// One line of text.

import { Field } from "./field";
import styles from "./text-input.module.css";

export interface TextFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  /** "password" hides what is typed. */
  readonly type?: "text" | "password" | undefined;
  readonly placeholder?: string | undefined;
  readonly disabled?: boolean | undefined;
  readonly hideLabel?: boolean | undefined;
  readonly autoFocus?: boolean | undefined;
  readonly maxLength?: number | undefined;
  readonly onEnter?: (() => void) | undefined;
}

export function TextField({
  label,
  value,
  onChange,
  hint,
  error,
  hideLabel,
  onEnter,
  type = "text",
  ...native
}: TextFieldProps) {
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel}>
      {({ controlId, describedBy, invalid }) => (
        <input
          {...native}
          id={controlId}
          className={styles.control}
          type={type}
          autoComplete="off"
          value={value}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && !event.nativeEvent.isComposing) onEnter?.();
          }}
        />
      )}
    </Field>
  );
}
