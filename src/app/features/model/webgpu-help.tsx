// Says why there is no WebGPU here, what to do in this very browser, and what works without it.

import { Button } from "../../components/button";
import { Callout } from "../../components/callout";
import type { Failure } from "../../slice";
import { useStore } from "../../store";
import { webgpuAdvice } from "./webgpu-advice";

export interface WebgpuHelpProps {
  readonly failure: Failure;
}

export function WebgpuHelp({ failure }: WebgpuHelpProps) {
  const openGpu = useStore((state) => state.openGpu);
  const { browser, steps } = webgpuAdvice(navigator.userAgent, navigator.maxTouchPoints, isSecureContext);
  return (
    <Callout
      tone="warning"
      title="Training and chat need WebGPU, which is not available here"
      action={
        <Button size="small" onClick={() => void openGpu()}>
          Look again
        </Button>
      }
    >
      <p>{failure.message}</p>
      <p>What to do in {browser}:</p>
      <ol>
        {steps.map((step) => (
          <li key={step}>{step}</li>
        ))}
      </ol>
      <p>Everything that needs no graphics card works: looking at data, the list of runs, and exports.</p>
    </Callout>
  );
}
