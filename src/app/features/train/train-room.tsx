// Settings, plan and the run itself.

import { Button } from "../../components/button";
import { EmptyState } from "../../components/empty-state";
import { FailureCallout } from "../../components/failure-callout";
import { Icon } from "../../components/icon";
import { NextStep } from "../../components/next-step";
import { Room } from "../../components/room";
import { Section } from "../../components/section";
import { isTraining, useStore } from "../../store";
import { PlanSection } from "./plan-section";
import { RunView } from "./run-view";
import { SettingsForm } from "./settings-form";
import styles from "./train-room.module.css";

export function TrainRoom() {
  const dataset = useStore((state) => state.dataset);
  const model = useStore((state) => state.model);
  const gpu = useStore((state) => state.gpu);
  const phase = useStore((state) => state.phase);
  const underWay = useStore(isTraining);
  const run = useStore((state) => state.run);
  const plan = useStore((state) => state.plan);
  const failure = useStore((state) => state.trainFailure);
  const dismiss = useStore((state) => state.dismissTrainFailure);
  const startRun = useStore((state) => state.startRun);
  const chatWith = useStore((state) => state.chatWith);
  const showAdapter = useStore((state) => state.showAdapter);
  const goTo = useStore((state) => state.goTo);
  const canStart = dataset !== undefined && model !== undefined && gpu !== undefined;
  const start = (
    <Button
      className={styles.start}
      variant="primary"
      icon={<Icon name="play" />}
      disabled={!canStart || !plan}
      onClick={() => void startRun()}
    >
      {run ? "Train a new run" : "Start training"}
    </Button>
  );
  return (
    <Room
      title="Train"
      lead={
        dataset && model
          ? `${model.name} learns from ${dataset.sample?.title ?? dataset.fileName}. The model itself stays as it is; what it learns is kept in a small adapter.`
          : "The model learns from your examples; what it learns is kept in a small adapter."
      }
      wide
    >
      {failure && <FailureCallout failure={failure} onDismiss={dismiss} />}
      <RunView />
      {phase === "ended" && run && run.savedStep > 0 && (
        <NextStep
          action={
            <div className={styles.bar}>
              <Button
                variant="primary"
                icon={<Icon name="chat" />}
                onClick={() => {
                  chatWith([run.id]);
                  goTo("chat");
                }}
              >
                Chat before and after
              </Button>
              <Button icon={<Icon name="export" />} onClick={() => showAdapter(run.id)}>
                Export
              </Button>
            </div>
          }
        >
          Ask the model the same question with and without what it has learnt.
        </NextStep>
      )}
      {!dataset && !underWay && (
        <EmptyState
          title="There is nothing to learn from yet"
          action={
            <Button variant="primary" icon={<Icon name="data" />} onClick={() => goTo("data")}>
              Choose a dataset
            </Button>
          }
        >
          Open a file with your examples, or one of the samples.
        </EmptyState>
      )}
      {dataset && !underWay && (
        <>
          <PlanSection />
          {start}
        </>
      )}
      {dataset && (
        <Section
          title="Settings"
          hint={underWay ? "They can be changed when the run has ended." : "Sensible as they are."}
        >
          <SettingsForm disabled={underWay} />
        </Section>
      )}
    </Room>
  );
}
