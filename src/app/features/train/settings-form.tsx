// All settings of a run, the usual few or every one, with run.json out and in.

import { useRef, useState } from "react";
import { Button } from "../../components/button";
import { FailureCallout } from "../../components/failure-callout";
import { Icon } from "../../components/icon";
import { SegmentedControl } from "../../components/segmented-control";
import { SelectField } from "../../components/select-field";
import { saveFile } from "../../save-file";
import { failureOf, type Failure } from "../../slice";
import { useStore } from "../../store";
import { SettingField } from "./setting-field";
import { allSettings, lockedByAdapter, simpleSettings } from "./settings";
import styles from "./train-room.module.css";

export interface SettingsFormProps {
  readonly disabled: boolean;
}

export function SettingsForm({ disabled }: SettingsFormProps) {
  const [view, setView] = useState<"simple" | "all">("simple");
  const [failure, setFailure] = useState<Failure>();
  const input = useRef<HTMLInputElement>(null);
  const config = useStore((state) => state.config);
  const importConfig = useStore((state) => state.importConfig);
  const adapters = useStore((state) => state.adapters);
  const startFrom = useStore((state) => state.startFrom);
  const startFromAdapter = useStore((state) => state.startFromAdapter);
  const notify = useStore((state) => state.notify);
  const adapter = adapters.find(({ id }) => id === startFrom);
  return (
    <>
      <div className={styles.bar}>
        <SegmentedControl
          label="Settings shown"
          hideLabel
          value={view}
          options={[
            { value: "simple", label: "The usual few" },
            { value: "all", label: "All settings" },
          ]}
          onChange={setView}
        />
        <Button
          size="small"
          icon={<Icon name="export" />}
          onClick={() => saveFile("run.json", new Blob([`${JSON.stringify(config, undefined, 2)}\n`]))}
        >
          Save run.json
        </Button>
        <Button
          size="small"
          icon={<Icon name="import" />}
          disabled={disabled}
          onClick={() => input.current?.click()}
        >
          Load run.json
        </Button>
        <input
          ref={input}
          type="file"
          hidden
          accept=".json,application/json"
          aria-label="run.json to load"
          onChange={(event) => {
            const file = event.target.files?.[0];
            event.target.value = "";
            if (!file) return;
            setFailure(undefined);
            importConfig(file).then(
              () => notify("Settings loaded"),
              (error: unknown) => setFailure(failureOf(error)),
            );
          }}
        />
      </div>
      {failure && <FailureCallout failure={failure} onDismiss={() => setFailure(undefined)} />}
      {adapters.length > 0 && (
        <SelectField
          label="Start from"
          value={adapter?.id ?? ""}
          disabled={disabled}
          options={[
            { value: "", label: "a new adapter" },
            ...adapters.map(({ id, name }) => ({ value: id, label: name })),
          ]}
          hint={
            adapter
              ? `Rank ${adapter.rank}, alpha ${adapter.alpha} and the layers come from this adapter.`
              : "A stored adapter can be trained on."
          }
          onChange={(id) => startFromAdapter(id || undefined)}
        />
      )}
      {(view === "simple" ? simpleSettings : allSettings).map(({ title, fields }) => (
        <fieldset key={title} className={styles.group}>
          <legend>{title}</legend>
          <div className={styles.fields}>
            {fields.map((field) => (
              <SettingField
                key={field}
                field={field}
                disabled={disabled || (adapter !== undefined && lockedByAdapter.includes(field))}
              />
            ))}
          </div>
        </fieldset>
      ))}
    </>
  );
}
