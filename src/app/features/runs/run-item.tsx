// One run: what it was, how it ended, its numbers, and what can be done with it.

import { useState } from "react";
import type { RunRecord } from "../../../core/run-record";
import { Button } from "../../components/button";
import { ConfirmDialog } from "../../components/confirm-dialog";
import { Icon } from "../../components/icon";
import { Menu } from "../../components/menu";
import { Stat } from "../../components/stat";
import { StatRow } from "../../components/stat-row";
import {
  formatCount,
  formatCounted,
  formatDateTime,
  formatDuration,
  formatNumber,
  formatPercent,
} from "../../format";
import { isTraining, useStore } from "../../store";
import { RenameDialog } from "./rename-dialog";
import { RunDetails } from "./run-details";
import { canContinue, outcomeOf } from "./run-status-text";
import styles from "./runs-room.module.css";
import { StatusBadge } from "./status-badge";

export interface RunItemProps {
  readonly run: RunRecord;
}

export function RunItem({ run }: RunItemProps) {
  const [isRenaming, setIsRenaming] = useState(false);
  const [isDeleting, setIsDeleting] = useState(false);
  const isOpen = useStore((state) => state.runDetail?.id === run.id);
  const isBusy = useStore(isTraining);
  const lookAtRun = useStore((state) => state.lookAtRun);
  const renameRun = useStore((state) => state.renameRun);
  const deleteRun = useStore((state) => state.deleteRun);
  const resumeRun = useStore((state) => state.resumeRun);
  const chatWith = useStore((state) => state.chatWith);
  const showAdapter = useStore((state) => state.showAdapter);
  const goTo = useStore((state) => state.goTo);
  const isUnderWay = run.status === "running" || run.status === "paused";
  const outcome = outcomeOf(run);
  const hasAdapter = run.savedStep > 0;
  return (
    <li>
      <div className={styles.head}>
        <div>
          <div className={styles.heading}>
            <h2 className={styles.name}>{run.name}</h2>
            <StatusBadge status={run.status} />
          </div>
          <p className={styles.meta}>
            {formatDateTime(run.startedAt)} · {run.model.name} · {run.dataset.fileName},{" "}
            {formatCounted(run.dataset.rows, "row")}
          </p>
        </div>
        <Menu
          label={`More for ${run.name}`}
          items={[
            { label: "Rename", icon: <Icon name="edit" />, onSelect: () => setIsRenaming(true) },
            {
              label: "Delete",
              icon: <Icon name="trash" />,
              danger: true,
              disabled: isUnderWay,
              onSelect: () => setIsDeleting(true),
            },
          ]}
        />
      </div>
      {outcome && <p className={styles.outcome}>{outcome}</p>}
      <div className={styles.facts}>
        <StatRow>
          <Stat label="Steps" value={`${formatCount(run.step)} of ${formatCount(run.steps)}`} />
          <Stat label="Last loss" value={run.loss === undefined ? "none yet" : formatNumber(run.loss)} />
          {run.evaluation && (
            <Stat
              label="Evaluation loss"
              value={formatNumber(run.evaluation.loss)}
              hint={`${formatPercent(run.evaluation.tokenAccuracy)} of tokens right`}
            />
          )}
          {run.endedAt !== undefined && (
            <Stat label="From start to end" value={formatDuration((run.endedAt - run.startedAt) / 1000)} />
          )}
        </StatRow>
        <div className={styles.actions}>
          {canContinue(run) && (
            <Button
              size="small"
              variant="primary"
              icon={<Icon name="play" />}
              disabled={isBusy}
              onClick={() => {
                goTo("train");
                void resumeRun(run.id);
              }}
            >
              Continue
            </Button>
          )}
          {isUnderWay && (
            <Button size="small" onClick={() => goTo("train")}>
              Watch
            </Button>
          )}
          {hasAdapter && !isUnderWay && (
            <>
              <Button
                size="small"
                icon={<Icon name="chat" />}
                disabled={isBusy}
                onClick={() => {
                  chatWith([run.id]);
                  goTo("chat");
                }}
              >
                Chat
              </Button>
              <Button size="small" icon={<Icon name="export" />} onClick={() => showAdapter(run.id)}>
                Export
              </Button>
            </>
          )}
          <Button
            size="small"
            variant="quiet"
            aria-expanded={isOpen}
            onClick={() => void lookAtRun(isOpen ? undefined : run.id)}
          >
            {isOpen ? "Hide details" : "Details"}
          </Button>
        </div>
      </div>
      {isOpen && <RunDetails run={run} />}
      {isRenaming && (
        <RenameDialog
          name={run.name}
          onRename={(name) => void renameRun(run.id, name)}
          onClose={() => setIsRenaming(false)}
        />
      )}
      <ConfirmDialog
        open={isDeleting}
        title={`Delete ${run.name}?`}
        confirmLabel="Delete run"
        danger
        onClose={() => setIsDeleting(false)}
        onConfirm={() => {
          setIsDeleting(false);
          void deleteRun(run.id);
        }}
      >
        Its curves, its checkpoint and its adapter are deleted from this computer. This can’t be undone;
        export the adapter first if you want to keep it.
      </ConfirmDialog>
    </li>
  );
}
