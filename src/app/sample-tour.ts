// One click from nothing to a changed answer: built-in model, sample dataset, training, chat with the model before and
// after side by side. It presses the buttons that a person would press, through the other slices, and stops wherever one
// of them fails or the person stops the run.

import { builtInModel } from "./features/model/model-slice";
import type { CreateSlice, Failure } from "./slice";

export const tourDataset = "ship-captain.jsonl";

export type TourStep = "model" | "data" | "train" | "chat";

export interface TourSlice {
  /** What the tour is at; undefined when none is under way. */
  readonly tour?: TourStep | undefined;
  readonly tourFailure?: Failure | undefined;
  startTour(): Promise<void>;
}

export const createTourSlice: CreateSlice<TourSlice> = (set, get) => ({
  startTour: async () => {
    if (get().tour) return;
    set({ tour: "model", tourFailure: undefined });
    try {
      if (get().model?.name !== builtInModel.name) await get().openModel(builtInModel);
      if (!get().model) return set({ tourFailure: get().modelFailure });

      set({ tour: "data" });
      await get().openSampleDataset(tourDataset);
      const { dataset } = get();
      if (dataset?.sample?.file !== tourDataset) return set({ tourFailure: get().datasetFailure });

      set({ tour: "train" });
      get().setConfig(dataset.sample.run);
      get().goTo("train");
      await get().startRun();
      const { run } = get();
      if (run?.status !== "finished" || run.dataset.sha256 !== dataset.sha256) return;

      set({ tour: "chat" });
      get().newConversation();
      get().chatWith([run.id]);
      get().goTo("chat");
      const [prompt] = dataset.sample.prompts;
      if (prompt) await get().ask(prompt);
    } finally {
      set({ tour: undefined });
    }
  },
});
