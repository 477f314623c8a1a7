// The adapters that this browser keeps.

import { useState } from "react";
import type { AdapterRecord } from "../../../core/run-record";
import { Button } from "../../components/button";
import { ConfirmDialog } from "../../components/confirm-dialog";
import { Icon } from "../../components/icon";
import { Menu } from "../../components/menu";
import { formatBytes, formatDateTime } from "../../format";
import { useStore } from "../../store";
import styles from "./runs-room.module.css";

export function AdapterList() {
  const adapters = useStore((state) => state.adapters);
  const isBusy = useStore((state) => state.run?.status === "running" || state.run?.status === "paused");
  const chatWith = useStore((state) => state.chatWith);
  const deleteAdapter = useStore((state) => state.deleteAdapter);
  const goTo = useStore((state) => state.goTo);
  const [doomed, setDoomed] = useState<AdapterRecord>();
  if (adapters.length === 0) {
    return (
      <p className={styles.meta}>
        None yet. A run leaves one behind; one from elsewhere, in PEFT form, can be brought in from the Export
        room.
      </p>
    );
  }
  return (
    <>
      <ul className={styles.list} aria-label="Adapters">
        {adapters.map((adapter) => (
          <li key={adapter.id}>
            <div className={styles.head}>
              <div>
                <h3 className={styles.name}>{adapter.name}</h3>
                <p className={styles.meta}>
                  {adapter.origin === "imported" ? "Imported" : "Trained here"}{" "}
                  {formatDateTime(adapter.createdAt)} · for {adapter.model.name} · rank {adapter.rank}, alpha{" "}
                  {adapter.alpha} · {formatBytes(adapter.bytes)}
                </p>
              </div>
              <div className={styles.actions}>
                <Button
                  size="small"
                  icon={<Icon name="chat" />}
                  aria-label={`Chat with ${adapter.name}`}
                  disabled={isBusy}
                  onClick={() => {
                    chatWith([adapter.id]);
                    goTo("chat");
                  }}
                >
                  Chat
                </Button>
                <Menu
                  label={`More for the adapter ${adapter.name}`}
                  items={[
                    { label: "Export", icon: <Icon name="export" />, onSelect: () => goTo("export") },
                    {
                      label: "Delete",
                      icon: <Icon name="trash" />,
                      danger: true,
                      onSelect: () => setDoomed(adapter),
                    },
                  ]}
                />
              </div>
            </div>
          </li>
        ))}
      </ul>
      <ConfirmDialog
        open={doomed !== undefined}
        title={`Delete the adapter ${doomed?.name ?? ""}?`}
        confirmLabel="Delete adapter"
        danger
        onClose={() => setDoomed(undefined)}
        onConfirm={() => {
          if (doomed) void deleteAdapter(doomed.id);
          setDoomed(undefined);
        }}
      >
        It is deleted from this computer. This can’t be undone; export it first if you want to keep it.
      </ConfirmDialog>
    </>
  );
}
