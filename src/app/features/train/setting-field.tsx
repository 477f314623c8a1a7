// One setting: the control for its kind, what it does, its range, and the way back to its default.

import { defaultRunConfig } from "../../../core/run-config";
import {
  describeRange,
  runConfigFields,
  runConfigValue,
  type RunConfigField,
} from "../../../core/run-config-check";
import { Button } from "../../components/button";
import { NumberField } from "../../components/number-field";
import { SelectField } from "../../components/select-field";
import { SwitchField } from "../../components/switch-field";
import { TextArea } from "../../components/text-area";
import { useStore } from "../../store";
import { settingLabels, withSetting } from "./settings";
import styles from "./train-room.module.css";

export interface SettingFieldProps {
  readonly field: RunConfigField;
  readonly disabled: boolean;
}

export function SettingField({ field, disabled }: SettingFieldProps) {
  const value = useStore((state) => runConfigValue(state.config, field));
  const setConfig = useStore((state) => state.setConfig);
  const change = (next: unknown): void => setConfig(withSetting(useStore.getState().config, field, next));
  const usual = runConfigValue(defaultRunConfig, field);
  const isUsual = JSON.stringify(value) === JSON.stringify(usual);
  return (
    <div className={styles.setting}>
      <Control field={field} value={value} change={change} disabled={disabled} />
      {!isUsual && !disabled && (
        <Button
          size="small"
          variant="quiet"
          aria-label={`Set ${settingLabels[field]} back to ${wordOf(usual)}`}
          onClick={() => change(usual)}
        >
          Back to {wordOf(usual)}
        </Button>
      )}
    </div>
  );
}

interface ControlProps extends SettingFieldProps {
  readonly value: unknown;
  readonly change: (value: unknown) => void;
}

function Control({ field, value, change, disabled }: ControlProps) {
  const targetModules = useStore((state) => state.model?.targetModules);
  const info = runConfigFields[field];
  const label = settingLabels[field];
  const { sentence, unit } = info;
  switch (info.kind) {
    case "number":
      return (
        <NumberField
          label={label}
          hint={`${inWords(sentence)} ${capitalised(describeRange(info))}.`}
          unit={unit}
          min={info.min}
          max={info.max}
          whole={info.whole}
          above={info.above}
          below={info.below}
          disabled={disabled}
          value={value as number}
          onChange={change}
        />
      );
    case "boolean":
      return (
        <SwitchField
          label={label}
          hint={inWords(sentence)}
          checked={value as boolean}
          disabled={disabled}
          onChange={change}
        />
      );
    case "choice":
      return (
        <SelectField
          label={label}
          hint={sentence}
          value={value as string}
          options={info.choices.map((choice) => ({ value: choice, label: choice }))}
          disabled={disabled}
          onChange={change}
        />
      );
    case "modules":
      return (
        <ModuleChoice
          label={label}
          value={value as readonly string[] | "all-linear"}
          names={targetModules ?? []}
          disabled={disabled}
          change={change}
        />
      );
    case "texts":
      return (
        <TextArea
          label={label}
          hint="Questions that the model answers at every evaluation, one a line."
          rows={3}
          disabled={disabled}
          value={(value as readonly string[]).join("\n")}
          onChange={(text) => change(text === "" ? [] : text.split("\n"))}
          onBlur={() => change((value as readonly string[]).filter((line) => line.trim() !== ""))}
        />
      );
    default:
      return info satisfies never;
  }
}

interface ModuleChoiceProps {
  readonly label: string;
  readonly value: readonly string[] | "all-linear";
  readonly names: readonly string[];
  readonly disabled: boolean;
  readonly change: (value: readonly string[] | "all-linear") => void;
}

/** Which linear layers get an adapter. The last one can't be taken away. */
function ModuleChoice({ label, value, names, disabled, change }: ModuleChoiceProps) {
  const chosen = value === "all-linear" ? names : value;
  const toggle = (name: string): void => {
    const next = names.filter((other) => (other === name) !== chosen.includes(other));
    if (next.length > 0) change(next.length === names.length ? "all-linear" : next);
  };
  return (
    <fieldset className={styles.modules} disabled={disabled}>
      <legend>{label}</legend>
      {names.map((name) => (
        <label key={name}>
          <input type="checkbox" checked={chosen.includes(name)} onChange={() => toggle(name)} />
          <code>{name}</code>
        </label>
      ))}
      <p>Linear layers that get an adapter; all of them learn most.</p>
    </fieldset>
  );
}

/** Names of fields inside a sentence, as the page calls them. */
function inWords(sentence: string): string {
  return sentence
    .replace("maxSteps", "Steps")
    .replace("warmupRatio", "the warm-up share")
    .replace("cutoffLength", "cutoff length");
}

function capitalised(text: string): string {
  return text[0]!.toUpperCase() + text.slice(1);
}

function wordOf(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
  if (typeof value === "boolean") return value ? "on" : "off";
  return String(value);
}
