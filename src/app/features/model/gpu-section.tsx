// The graphics card that training and chat run on.

import { Callout } from "../../components/callout";
import { Disclosure } from "../../components/disclosure";
import { Section } from "../../components/section";
import { Stat } from "../../components/stat";
import { StatRow } from "../../components/stat-row";
import { formatBytes } from "../../format";
import { useStore } from "../../store";

export function GpuSection() {
  const gpu = useStore((state) => state.gpu);
  const failure = useStore((state) => state.gpuFailure);
  if (failure && !gpu) return null;
  return (
    <Section title="Graphics card" hint="Training and chat compute here, through WebGPU.">
      {!gpu ? (
        <p role="status">Looking for it …</p>
      ) : (
        <>
          {gpu.isSoftware && (
            <Callout tone="warning" title="WebGPU computes on the processor here">
              It works, but slowly. If this computer has a graphics card, switch on graphics acceleration in
              the browser’s settings and restart the browser.
            </Callout>
          )}
          <StatRow>
            <Stat label="Name" value={gpu.name} />
            <Stat label="Computes on" value={gpu.isSoftware ? "processor" : "graphics card"} />
            <Stat label="Largest buffer" value={formatBytes(gpu.largestBuffer)} />
          </StatRow>
          <Disclosure summary="Optional features">
            <p>{gpu.features.length > 0 ? gpu.features.join(", ") : "none"}</p>
          </Disclosure>
        </>
      )}
    </Section>
  );
}
