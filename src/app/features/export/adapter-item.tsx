// One adapter: what it is, and where it can go.

import { useEffect, useRef, useState } from "react";
import type { AdapterRecord } from "../../../core/run-record";
import { Button } from "../../components/button";
import { ConfirmDialog } from "../../components/confirm-dialog";
import { Icon } from "../../components/icon";
import { Menu } from "../../components/menu";
import { formatBytes, formatDateTime } from "../../format";
import { isTraining, useStore } from "../../store";
import styles from "./export-room.module.css";

export interface AdapterItemProps {
  readonly adapter: AdapterRecord;
}

export function AdapterItem({ adapter }: AdapterItemProps) {
  const { id, name, origin, createdAt, model, rank, alpha, targetModules, bytes } = adapter;
  const isShown = useStore((state) => state.shownAdapter === id);
  const isExporting = useStore((state) => state.exporting === id);
  const isBusy = useStore(isTraining);
  const exportAdapter = useStore((state) => state.exportAdapter);
  const deleteAdapter = useStore((state) => state.deleteAdapter);
  const startFromAdapter = useStore((state) => state.startFromAdapter);
  const chatWith = useStore((state) => state.chatWith);
  const goTo = useStore((state) => state.goTo);
  const [isDeleting, setIsDeleting] = useState(false);
  const place = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (isShown) place.current?.scrollIntoView({ block: "center" });
  }, [isShown]);
  return (
    <li ref={place} className={isShown ? styles.shown : undefined}>
      <div className={styles.words}>
        <h2>{name}</h2>
        <p>
          {origin === "imported" ? "Imported" : "Trained here"} {formatDateTime(createdAt)} · for {model.name}
        </p>
        <p>
          Rank {rank}, alpha {alpha}, on {targetModules.join(", ")} · {formatBytes(bytes)}
        </p>
      </div>
      <div className={styles.actions}>
        <Button
          size="small"
          variant="primary"
          icon={<Icon name="export" />}
          aria-label={`Download ${name} as a zip`}
          busy={isExporting}
          onClick={() => void exportAdapter(id)}
        >
          Download
        </Button>
        <Button
          size="small"
          icon={<Icon name="chat" />}
          aria-label={`Chat with ${name}`}
          disabled={isBusy}
          onClick={() => {
            chatWith([id]);
            goTo("chat");
          }}
        >
          Chat
        </Button>
        <Menu
          label={`More for ${name}`}
          items={[
            {
              label: "Train it further",
              icon: <Icon name="train" />,
              disabled: isBusy,
              onSelect: () => {
                startFromAdapter(id);
                goTo("train");
              },
            },
            {
              label: "Delete",
              icon: <Icon name="trash" />,
              danger: true,
              disabled: isBusy,
              onSelect: () => setIsDeleting(true),
            },
          ]}
        />
      </div>
      <ConfirmDialog
        open={isDeleting}
        title={`Delete the adapter ${name}?`}
        confirmLabel="Delete adapter"
        danger
        onClose={() => setIsDeleting(false)}
        onConfirm={() => {
          setIsDeleting(false);
          void deleteAdapter(id);
        }}
      >
        It is deleted from this computer. This can’t be undone; download it first if you want to keep it.
      </ConfirmDialog>
    </li>
  );
}
