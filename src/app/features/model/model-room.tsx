// The first room: what Tabtune is for who comes new, the model, and the graphics card it will run on.

import { Button } from "../../components/button";
import { FailureCallout } from "../../components/failure-callout";
import { Icon } from "../../components/icon";
import { NextStep } from "../../components/next-step";
import { Room } from "../../components/room";
import { useStore } from "../../store";
import { GpuSection } from "./gpu-section";
import { ModelCard } from "./model-card";
import { ModelChoice } from "./model-choice";
import { StoredModels } from "./stored-models";
import { WebgpuHelp } from "./webgpu-help";
import { Welcome } from "./welcome";

export function ModelRoom() {
  const isNew = useStore(
    (state) => state.areRunsRead && state.runs.length === 0 && state.adapters.length === 0 && !state.dataset,
  );
  const isTouring = useStore((state) => state.tour !== undefined);
  const gpuFailure = useStore((state) => state.gpuFailure);
  const tourFailure = useStore((state) => state.tourFailure);
  const isOpen = useStore((state) => state.model !== undefined);
  const goTo = useStore((state) => state.goTo);
  const isWelcome = isNew || isTouring;
  return (
    <Room
      title={isWelcome ? "Teach a small language model, here in this tab" : "Model"}
      lead={
        isWelcome
          ? "Tabtune fine-tunes a language model on your examples, with this computer’s own graphics card. Nothing that you open leaves the machine: no account, no upload, no server that computes."
          : "The language model that your examples will change."
      }
    >
      {gpuFailure?.name === "webgpu-missing" && <WebgpuHelp failure={gpuFailure} />}
      {isWelcome && <Welcome />}
      {tourFailure && <FailureCallout failure={tourFailure} />}
      <ModelCard />
      {isOpen && !isWelcome && (
        <NextStep
          action={
            <Button variant="primary" icon={<Icon name="data" />} onClick={() => goTo("data")}>
              Go to Data
            </Button>
          }
        >
          The model is open. Next, choose what it should learn from.
        </NextStep>
      )}
      <StoredModels />
      <ModelChoice />
      <GpuSection />
    </Room>
  );
}
