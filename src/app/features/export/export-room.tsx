// The adapters that this browser keeps: to take away, to bring in, to go on with.

import { Button } from "../../components/button";
import { EmptyState } from "../../components/empty-state";
import { FailureCallout } from "../../components/failure-callout";
import { Icon } from "../../components/icon";
import { Room } from "../../components/room";
import { Section } from "../../components/section";
import { useStore } from "../../store";
import { AdapterItem } from "./adapter-item";
import styles from "./export-room.module.css";
import { ImportSection } from "./import-section";
import { RunFiles } from "./run-files";

export function ExportRoom() {
  const adapters = useStore((state) => state.adapters);
  const areRunsRead = useStore((state) => state.areRunsRead);
  const hasRuns = useStore((state) => state.runs.length > 0);
  const failure = useStore((state) => state.exportFailure);
  const dismiss = useStore((state) => state.dismissExportFailure);
  const goTo = useStore((state) => state.goTo);
  return (
    <Room
      title="Export"
      lead="An adapter is the small file of changes that training leaves behind. It is in PEFT form, which transformers and most other tools read."
    >
      {failure && <FailureCallout failure={failure} onDismiss={dismiss} />}
      {!areRunsRead ? (
        <p role="status">Reading the list …</p>
      ) : adapters.length === 0 ? (
        <EmptyState
          title="No adapters yet"
          action={
            <Button variant="primary" icon={<Icon name="data" />} onClick={() => goTo("data")}>
              Choose data to train on
            </Button>
          }
        >
          A run leaves one behind, also when it is stopped early. One from elsewhere can be brought in below.
        </EmptyState>
      ) : (
        <ul className={styles.list} aria-label="Adapters">
          {adapters.map((adapter) => (
            <AdapterItem key={adapter.id} adapter={adapter} />
          ))}
        </ul>
      )}
      <ImportSection />
      {hasRuns && (
        <Section title="Numbers of a run" hint="For a spreadsheet, a notebook, or the next run.">
          <RunFiles />
        </Section>
      )}
    </Room>
  );
}
