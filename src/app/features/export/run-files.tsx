// Metrics and settings of one run, as files.

import { useState } from "react";
import { Button } from "../../components/button";
import { SelectField } from "../../components/select-field";
import { formatDateTime } from "../../format";
import { saveFile } from "../../save-file";
import { useStore } from "../../store";
import styles from "./export-room.module.css";

export function RunFiles() {
  const runs = useStore((state) => state.runs);
  const exporting = useStore((state) => state.exporting);
  const exportMetrics = useStore((state) => state.exportMetrics);
  const [chosen, setChosen] = useState<string>();
  const run = runs.find(({ id }) => id === chosen) ?? runs[0];
  if (!run) return null;
  return (
    <div className={styles.runFiles}>
      <SelectField
        label="Run"
        value={run.id}
        options={runs.map(({ id, name, startedAt }) => ({
          value: id,
          label: `${name}, ${formatDateTime(startedAt)}`,
        }))}
        onChange={setChosen}
      />
      <div className={styles.actions}>
        <Button size="small" busy={exporting === run.id} onClick={() => void exportMetrics(run.id, "csv")}>
          Metrics as CSV
        </Button>
        <Button size="small" busy={exporting === run.id} onClick={() => void exportMetrics(run.id, "json")}>
          Metrics as JSON
        </Button>
        <Button
          size="small"
          onClick={() => saveFile("run.json", new Blob([`${JSON.stringify(run.config, undefined, 2)}\n`]))}
        >
          Settings as run.json
        </Button>
      </div>
    </div>
  );
}
