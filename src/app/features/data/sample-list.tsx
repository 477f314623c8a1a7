// Datasets that come with Tabtune.

import { useEffect } from "react";
import { Button } from "../../components/button";
import { formatCounted } from "../../format";
import { useStore } from "../../store";
import styles from "./data-room.module.css";

export function SampleList() {
  const samples = useStore((state) => state.samples);
  const readSamples = useStore((state) => state.readSamples);
  const openSample = useStore((state) => state.openSampleDataset);
  const setConfig = useStore((state) => state.setConfig);
  const isBusy = useStore((state) => state.phase === "preparing" || state.phase === "running");
  const openFile = useStore((state) => state.dataset?.sample?.file);
  useEffect(() => void readSamples(), [readSamples]);
  return (
    <ul className={styles.samples}>
      {samples.map(({ file, title, description, rows, run }) => (
        <li key={file}>
          <div>
            <h3>{title}</h3>
            <p className={styles.note}>
              {description} {formatCounted(rows, "row")}.
            </p>
          </div>
          <Button
            size="small"
            disabled={isBusy || file === openFile}
            aria-label={`Open ${title}`}
            onClick={() => {
              void openSample(file);
              setConfig(run);
            }}
          >
            {file === openFile ? "Open" : "Use it"}
          </Button>
        </li>
      ))}
    </ul>
  );
}
