// All runs that this browser keeps, and what storage they take.

import { Button } from "../../components/button";
import { EmptyState } from "../../components/empty-state";
import { FailureCallout } from "../../components/failure-callout";
import { Room } from "../../components/room";
import { useStore } from "../../store";
import { RunItem } from "./run-item";
import styles from "./runs-room.module.css";
import { StorageSection } from "./storage-section";

export function RunsRoom() {
  const runs = useStore((state) => state.runs);
  const areRunsRead = useStore((state) => state.areRunsRead);
  const failure = useStore((state) => state.runsFailure);
  const dismiss = useStore((state) => state.dismissRunsFailure);
  const goTo = useStore((state) => state.goTo);
  return (
    <Room title="Runs" lead="What was trained in this browser. Everything is kept on this computer alone.">
      {failure && <FailureCallout failure={failure} onDismiss={dismiss} />}
      {!areRunsRead ? (
        <p role="status">Reading the list …</p>
      ) : runs.length === 0 ? (
        <EmptyState
          title="No runs yet"
          action={
            <Button variant="primary" onClick={() => goTo("data")}>
              Choose data to train on
            </Button>
          }
        >
          Every training run appears here with its settings, its curves and its adapter, also after the page
          was closed.
        </EmptyState>
      ) : (
        <ul className={styles.list} aria-label="Runs">
          {runs.map((run) => (
            <RunItem key={run.id} run={run} />
          ))}
        </ul>
      )}
      <StorageSection />
    </Room>
  );
}
