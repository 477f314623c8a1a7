// The voices that answer, and the names of all that could.

import { useMemo } from "react";
import { useStore } from "../../store";
import { baseVoice, voicesPresent, type Voice } from "./conversation";

export interface Voices {
  /** Those that answer now. */
  readonly voices: readonly Voice[];
  readonly names: ReadonlyMap<Voice, string>;
}

export function useVoices(): Voices {
  const chosen = useStore((state) => state.voices);
  const adapters = useStore((state) => state.adapters);
  const model = useStore((state) => state.model?.name ?? "model");
  return useMemo(
    () => ({
      voices: voicesPresent({ voices: chosen, adapters }),
      names: new Map([
        [baseVoice, `${model}, as it came`],
        ...adapters
          .filter((adapter) => adapter.model.name === model)
          .map((adapter): [Voice, string] => [adapter.id, adapter.name]),
      ]),
    }),
    [chosen, adapters, model],
  );
}
