// What the run will take, before it starts.

import { useEffect } from "react";
import { Disclosure } from "../../components/disclosure";
import { FailureCallout } from "../../components/failure-callout";
import { Section } from "../../components/section";
import { Stat } from "../../components/stat";
import { StatRow } from "../../components/stat-row";
import { formatBytes, formatCount, formatDuration, formatRounded } from "../../format";
import { useStore } from "../../store";
import styles from "./train-room.module.css";

const SETTLE_MILLISECONDS = 250;
/** The speed is measured in the background; until it is known, ask again. */
const ASK_AGAIN_MILLISECONDS = 2000;

const memoryParts = [
  ["weights", "Model weights"],
  ["parameters", "Adapter and its gradients"],
  ["optimizer", "AdamW's moments"],
  ["activations", "Activations"],
  ["cache", "Keys and values of sample answers"],
  ["other", "Buffers"],
] as const;

export function PlanSection() {
  const config = useStore((state) => state.config);
  const dataset = useStore((state) => state.dataset);
  const model = useStore((state) => state.model);
  const gpu = useStore((state) => state.gpu);
  const plan = useStore((state) => state.plan);
  const isPlanning = useStore((state) => state.isPlanning);
  const failure = useStore((state) => state.planFailure);
  const planRun = useStore((state) => state.planRun);
  const isTimeKnown = plan?.seconds !== undefined;
  useEffect(() => {
    const timer = setTimeout(() => void planRun(), SETTLE_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [config, dataset, model, planRun]);
  useEffect(() => {
    if (!plan || isTimeKnown || !gpu) return;
    const timer = setTimeout(() => void planRun(), ASK_AGAIN_MILLISECONDS);
    return () => clearTimeout(timer);
  }, [plan, isTimeKnown, gpu, planRun]);

  return (
    <Section title="Plan" hint={isPlanning && !plan ? "Working it out …" : undefined}>
      {failure && <FailureCallout failure={failure} />}
      {plan && (
        <>
          <p className={styles.planSentence}>
            Needs {formatBytes(plan.memory.total)} of GPU memory
            {plan.seconds === undefined
              ? gpu
                ? "; how long it takes here is being measured."
                : "."
              : ` and about ${formatDuration(plan.seconds)} here.`}
          </p>
          <StatRow>
            <Stat
              label="Steps"
              value={formatCount(plan.steps)}
              hint={`${formatCount(plan.stepsPerEpoch)} an epoch`}
            />
            <Stat
              label="Rows to train on"
              value={formatCount(plan.trainingRows)}
              hint={
                plan.evaluationRows > 0 ? `${formatCount(plan.evaluationRows)} held out` : "none held out"
              }
            />
            <Stat label="Tokens in all" value={formatRounded(plan.totalTokens)} />
            <Stat label="Trained parameters" value={formatRounded(plan.trainableParameters)} />
          </StatRow>
          <Disclosure summary="Memory, part by part">
            <table className={styles.memory}>
              <tbody>
                {memoryParts.map(([part, name]) => (
                  <tr key={part}>
                    <th scope="row">{name}</th>
                    <td>{formatBytes(plan.memory[part])}</td>
                  </tr>
                ))}
                <tr>
                  <th scope="row">Together</th>
                  <td>{formatBytes(plan.memory.total)}</td>
                </tr>
              </tbody>
            </table>
            {plan.recomputesLayers && <p>Layers are computed twice to save memory.</p>}
          </Disclosure>
        </>
      )}
    </Section>
  );
}
