// A download under way, or why it ended: how far, how fast, how long still; pause, continue, give up.

import type { HubReference } from "../../../core/run-record";
import type { DownloadProgress } from "../../../engine/api";
import { Button } from "../../components/button";
import { FailureCallout } from "../../components/failure-callout";
import { Icon } from "../../components/icon";
import { ProgressBar } from "../../components/progress-bar";
import { formatBytes, formatDuration } from "../../format";
import { useStore } from "../../store";
import type { DownloadState } from "./hub-slice";
import styles from "./model-choice.module.css";

export interface DownloadViewProps {
  readonly reference: HubReference;
  readonly download: DownloadState;
}

export function DownloadView({ reference, download: { progress, failure } }: DownloadViewProps) {
  const downloadModel = useStore((state) => state.downloadModel);
  const pauseDownload = useStore((state) => state.pauseDownload);
  const cancelDownload = useStore((state) => state.cancelDownload);
  if (failure) {
    return (
      <>
        <FailureCallout failure={failure} />
        <div className={styles.actions}>
          <Button size="small" variant="primary" onClick={() => void downloadModel(reference)}>
            Go on
          </Button>
        </div>
      </>
    );
  }
  return (
    <>
      <ProgressBar
        label={progress?.isElsewhere ? "Another tab downloads it" : "Downloading"}
        done={progress?.done ?? 0}
        total={progress?.total ?? 0}
        detail={progress && detailOf(progress)}
      />
      <div className={styles.actions}>
        {progress?.isElsewhere ? (
          <Button size="small" onClick={() => void pauseDownload(reference)}>
            Stop watching
          </Button>
        ) : (
          <>
            <Button size="small" icon={<Icon name="pause" />} onClick={() => void pauseDownload(reference)}>
              Pause
            </Button>
            <Button size="small" icon={<Icon name="trash" />} onClick={() => void cancelDownload(reference)}>
              Cancel and delete
            </Button>
          </>
        )}
      </div>
    </>
  );
}

function detailOf({ done, total, bytesPerSecond, secondsLeft, waiting }: DownloadProgress): string {
  const parts = [`${formatBytes(done)} of ${formatBytes(total)}`];
  if (waiting) parts.push(`waiting ${formatDuration(waiting.seconds)}: ${waiting.reason}`);
  else {
    if (bytesPerSecond > 0) parts.push(`${formatBytes(bytesPerSecond)}/s`);
    if (secondsLeft !== undefined) parts.push(`${formatDuration(secondsLeft)} left`);
  }
  return parts.join(" · ");
}
