// For who comes new: one click to a changed answer, or straight to own data.

import { Button } from "../../components/button";
import { Icon } from "../../components/icon";
import { useStore } from "../../store";
import { TourProgress } from "./tour-progress";
import styles from "./welcome.module.css";

export function Welcome() {
  const tour = useStore((state) => state.tour);
  const startTour = useStore((state) => state.startTour);
  const goTo = useStore((state) => state.goTo);
  const hasGpu = useStore((state) => state.gpuFailure === undefined);
  if (tour) return <TourProgress step={tour} />;
  return (
    <div className={styles.welcome}>
      <div className={styles.actions}>
        {hasGpu && (
          <Button
            variant="primary"
            icon={<Icon name="play" />}
            aria-describedby="sample-note"
            onClick={() => void startTour()}
          >
            Try it with the sample
          </Button>
        )}
        <Button variant={hasGpu ? "plain" : "primary"} onClick={() => goTo("data")}>
          {hasGpu ? "Use your own data" : "Look at your own data"}
        </Button>
      </div>
      <p id="sample-note" className={styles.note}>
        {hasGpu
          ? "The sample trains the built-in model on 52 answers in the voice of a cheerful ship’s captain. When it is done, you see the same question answered by the model before and after."
          : "The sample needs the graphics card to train. Your own data can be looked at without it."}
      </p>
    </div>
  );
}
