// What is stored in this browser, how safely, and how to delete all of it.

import { useEffect, useState } from "react";
import { Button } from "../../components/button";
import { Callout } from "../../components/callout";
import { ConfirmDialog } from "../../components/confirm-dialog";
import { ProgressBar } from "../../components/progress-bar";
import { Section } from "../../components/section";
import { formatBytes, formatCounted } from "../../format";
import { isTraining, useStore } from "../../store";

export function StorageSection() {
  const storage = useStore((state) => state.storage);
  const failure = useStore((state) => state.storageFailure);
  const refresh = useStore((state) => state.refreshStorage);
  const keepStorage = useStore((state) => state.keepStorage);
  const clear = useStore((state) => state.clearStorage);
  const runs = useStore((state) => state.runs);
  const models = useStore((state) => state.storedModels.length);
  const adapters = useStore((state) => state.adapters.length);
  const isBusy = useStore(isTraining);
  const [isAsking, setIsAsking] = useState(false);
  const [isClearing, setIsClearing] = useState(false);
  useEffect(() => void refresh(), [refresh, runs]);
  if (failure) return null; // the frame says that nothing can be kept
  const isNearlyFull = storage !== undefined && storage.quota > 0 && storage.usage / storage.quota > 0.9;
  return (
    <Section
      title="Storage"
      hint="Models, runs, adapters and the datasets they were trained on lie in this browser’s storage."
      actions={
        <>
          {storage && !storage.persisted && (
            <Button size="small" onClick={() => void keepStorage()}>
              Ask the browser to keep it
            </Button>
          )}
          <Button size="small" variant="danger" disabled={isBusy} onClick={() => setIsAsking(true)}>
            Delete everything
          </Button>
        </>
      }
    >
      {storage ? (
        <ProgressBar
          label="Used of what the browser allows"
          done={storage.usage}
          total={storage.quota}
          detail={`${formatBytes(storage.usage)} used, about ${formatBytes(storage.quota)} allowed. ${
            storage.persisted
              ? "The browser will not delete it on its own."
              : "The browser may delete it when the disk runs full, and Safari after seven days without a visit. Export what matters."
          }`}
        />
      ) : (
        <p role="status">Asking the browser …</p>
      )}
      {isNearlyFull && (
        <Callout tone="warning" title="The storage is nearly full">
          Delete runs that you no longer need, after exporting their adapters if they matter.
        </Callout>
      )}
      <ConfirmDialog
        open={isAsking}
        title="Delete everything that is stored?"
        confirmLabel="Delete everything"
        danger
        busy={isClearing}
        onClose={() => setIsAsking(false)}
        onConfirm={() => {
          setIsClearing(true);
          void clear().then(() => {
            setIsClearing(false);
            setIsAsking(false);
          });
        }}
      >
        {formatCounted(models, "downloaded model")}, {formatCounted(runs.length, "run")},{" "}
        {formatCounted(adapters, "adapter")}, the stored datasets and the conversation are deleted from this
        computer. This can’t be undone. Exported files are not touched.
      </ConfirmDialog>
    </Section>
  );
}
