// Models that this browser keeps: the built-in one and those of a Hub, whole and in part.

import { useState } from "react";
import { referenceKey, type ModelReference } from "../../../core/run-record";
import type { StoredModel } from "../../../engine/api";
import { Button } from "../../components/button";
import { ConfirmDialog } from "../../components/confirm-dialog";
import { Icon } from "../../components/icon";
import { IconButton } from "../../components/icon-button";
import { Section } from "../../components/section";
import { formatBytes, formatDateTime, formatPercent } from "../../format";
import { isTraining, useStore } from "../../store";
import { DownloadView } from "./download-view";
import styles from "./model-choice.module.css";
import { builtInModel } from "./model-slice";

export function StoredModels() {
  const stored = useStore((state) => state.storedModels);
  const open = useStore((state) => state.model?.reference);
  const deleteModel = useStore((state) => state.deleteModel);
  const [doomed, setDoomed] = useState<StoredModel>();
  const isElse = open !== undefined && referenceKey(open) !== referenceKey(builtInModel);
  if (stored.length === 0 && !isElse) return null;
  return (
    <Section title="Models in this browser" hint="They open without a network.">
      <ul className={styles.list} aria-label="Models in this browser">
        <li>
          <div className={styles.words}>
            <h3>{builtInModel.name}</h3>
            <p className={styles.note}>Built in</p>
          </div>
          <OpenButton reference={builtInModel} />
        </li>
        {stored.map((model) => (
          <StoredModelItem
            key={referenceKey(model.reference)}
            model={model}
            onDelete={() => setDoomed(model)}
          />
        ))}
      </ul>
      <ConfirmDialog
        open={doomed !== undefined}
        title={`Delete ${doomed?.reference.repository ?? ""}?`}
        confirmLabel="Delete model"
        danger
        onClose={() => setDoomed(undefined)}
        onConfirm={() => {
          if (doomed) void deleteModel(doomed.reference);
          setDoomed(undefined);
        }}
      >
        Its {formatBytes(doomed?.presentBytes ?? 0)} are deleted from this computer. Runs and adapters that
        were made with it stay; to go on with them, it has to be downloaded again.
      </ConfirmDialog>
    </Section>
  );
}

interface StoredModelItemProps {
  readonly model: StoredModel;
  readonly onDelete: () => void;
}

function StoredModelItem({ model, onDelete }: StoredModelItemProps) {
  const { reference, bytes, presentBytes, isComplete, isDownloading, licence, usedAt } = model;
  const download = useStore((state) => state.downloads.get(referenceKey(reference)));
  const downloadModel = useStore((state) => state.downloadModel);
  const isBusy = useStore(isTraining);
  const share = `${formatBytes(presentBytes)} of ${formatBytes(bytes)}, ${formatPercent(presentBytes / bytes)}`;
  const facts = [
    isComplete ? formatBytes(bytes) : !download && share,
    `commit ${reference.commit.slice(0, 8)}`,
    licence,
    reference.endpoint && `from ${new URL(reference.endpoint).host}`,
    `last used ${formatDateTime(usedAt)}`,
  ];
  return (
    <li>
      <div className={styles.words}>
        <h3>{reference.repository}</h3>
        <p className={styles.note}>{facts.filter(Boolean).join(" · ")}</p>
        {download && <DownloadView reference={reference} download={download} />}
      </div>
      <div className={styles.actions}>
        {isComplete ? (
          <OpenButton reference={reference} />
        ) : (
          !download && (
            <Button size="small" disabled={isBusy} onClick={() => void downloadModel(reference)}>
              {isDownloading ? "Watch" : "Go on"}
            </Button>
          )
        )}
        {!download && (
          <IconButton
            label={`Delete ${reference.repository}`}
            icon={<Icon name="trash" />}
            disabled={isBusy || isDownloading}
            onClick={onDelete}
          />
        )}
      </div>
    </li>
  );
}

function OpenButton({ reference }: { readonly reference: ModelReference }) {
  const isOpen = useStore(
    (state) => state.model !== undefined && referenceKey(state.model.reference) === referenceKey(reference),
  );
  const isOpening = useStore(
    (state) =>
      state.modelOpening !== undefined && referenceKey(state.modelOpening) === referenceKey(reference),
  );
  const isBusy = useStore(isTraining);
  const openModel = useStore((state) => state.openModel);
  if (isOpen) {
    return (
      <p className={styles.open}>
        <Icon name="check" />
        Open
      </p>
    );
  }
  return (
    <Button
      size="small"
      busy={isOpening}
      disabled={isBusy}
      aria-label={`Open ${reference.name}`}
      onClick={() => void openModel(reference)}
    >
      Open
    </Button>
  );
}
