// What stands in each room right now, in two or three words.

import { formatCounted } from "../format";
import type { RoomName } from "../shell-slice";
import { useStore } from "../store";

export function useRoomStates(): Readonly<Record<RoomName, string | undefined>> {
  const name = useStore((state) => state.model?.name);
  const isOpening = useStore((state) => state.modelOpening !== undefined);
  const rows = useStore((state) => state.dataset?.rows);
  const status = useStore((state) => state.run?.status);
  const step = useStore((state) => state.run?.step);
  const steps = useStore((state) => state.run?.steps);
  const runs = useStore((state) => state.runs);
  const adapters = useStore((state) => state.adapters.length);

  const isUnderWay = status === "running" || status === "paused";
  const interrupted = runs.filter((run) => run.status === "interrupted").length;
  return {
    model: name?.slice(name.lastIndexOf("/") + 1) ?? (isOpening ? "opening" : undefined), // of OWNER/NAME
    data: rows === undefined ? undefined : formatCounted(rows, "row"),
    train: isUnderWay ? `${status === "paused" ? "paused, " : ""}step ${step} of ${steps}` : undefined,
    chat: undefined,
    export: adapters === 0 ? undefined : formatCounted(adapters, "adapter"),
    runs:
      interrupted > 0
        ? `${interrupted} interrupted`
        : runs.length === 0
          ? undefined
          : formatCounted(runs.length, "run"),
  };
}
