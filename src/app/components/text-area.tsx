// Several lines of text.

import type { ComponentPropsWithRef } from "react";
import { classNames } from "./class-names";
import { Field } from "./field";
import styles from "./text-input.module.css";

export interface TextAreaProps extends Omit<ComponentPropsWithRef<"textarea">, "onChange" | "value"> {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly hint?: string | undefined;
  readonly error?: string | undefined;
  readonly hideLabel?: boolean | undefined;
}

export function TextArea({
  label,
  value,
  onChange,
  hint,
  error,
  hideLabel,
  className,
  ...native
}: TextAreaProps) {
  return (
    <Field label={label} hint={hint} error={error} hideLabel={hideLabel}>
      {({ controlId, describedBy, invalid }) => (
        <textarea
          rows={3}
          {...native}
          id={controlId}
          className={classNames(styles.control, styles.area, className)}
          value={value}
          aria-describedby={describedBy}
          aria-invalid={invalid || undefined}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
