// A number chosen by feel, with its value beside it.

import { formatNumber } from "../format";
import { Field } from "./field";
import styles from "./slider-field.module.css";

export interface SliderFieldProps {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly unit?: string | undefined;
  readonly onChange: (value: number) => void;
  readonly hint?: string | undefined;
  /** What stands for the value, where a number alone says too little: "greedy" for 0, say. */
  readonly valueText?: string | undefined;
  readonly disabled?: boolean | undefined;
}

export function SliderField(props: SliderFieldProps) {
  const { label, value, min, max, step, unit, onChange, hint, valueText, disabled } = props;
  const text = valueText ?? `${formatNumber(value)}${unit ? ` ${unit}` : ""}`;
  return (
    <Field label={label} hint={hint}>
      {({ controlId, describedBy }) => (
        <>
          <input
            id={controlId}
            className={styles.slider}
            type="range"
            min={min}
            max={max}
            step={step}
            value={value}
            disabled={disabled}
            aria-valuetext={text}
            aria-describedby={describedBy}
            onChange={(event) => onChange(event.target.valueAsNumber)}
          />
          <output className={styles.value} htmlFor={controlId} aria-hidden="true">
            {text}
          </output>
        </>
      )}
    </Field>
  );
}
