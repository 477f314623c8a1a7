// What must be known in every room: that there is no GPU, that nothing can be kept. Each with the way out.

import { Button } from "../components/button";
import { Callout } from "../components/callout";
import { useStore } from "../store";

export function PageNotices() {
  const room = useStore((state) => state.room);
  const goTo = useStore((state) => state.goTo);
  const openGpu = useStore((state) => state.openGpu);
  const gpuFailure = useStore((state) => state.gpuFailure);
  const storageFailure = useStore((state) => state.storageFailure);
  const isMissing = gpuFailure?.name === "webgpu-missing";
  return (
    <>
      {gpuFailure && !isMissing && (
        <Callout
          tone="warning"
          title="The graphics card can’t be used right now"
          action={
            <Button size="small" onClick={() => void openGpu()}>
              Try again
            </Button>
          }
        >
          {gpuFailure.message}
        </Callout>
      )}
      {isMissing && (room === "train" || room === "chat") && (
        <Callout
          tone="warning"
          title="This room needs WebGPU, which is not available here"
          action={
            <Button size="small" onClick={() => goTo("model")}>
              What to do
            </Button>
          }
        />
      )}
      {storageFailure && (
        <Callout tone="warning" title="Nothing can be kept when the page is closed">
          {storageFailure.message}
        </Callout>
      )}
    </>
  );
}
