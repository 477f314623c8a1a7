// The graphics card in words; on phones only where there is something to say about it.

import { classNames } from "../components/class-names";
import { Icon } from "../components/icon";
import { useStore } from "../store";
import styles from "./gpu-status.module.css";

export function GpuStatus() {
  const gpu = useStore((state) => state.gpu);
  const failure = useStore((state) => state.gpuFailure);
  const goTo = useStore((state) => state.goTo);
  const [text, detail] = failure
    ? ["No GPU", failure.name === "webgpu-missing" ? "WebGPU is missing" : failure.message]
    : !gpu
      ? ["Looking for the GPU", ""]
      : [gpu.isSoftware ? "Software GPU, slow" : "GPU ready", gpu.name];
  const isTroubled = failure !== undefined || gpu?.isSoftware === true;
  return (
    <button
      type="button"
      className={classNames(styles.status, isTroubled && styles.troubled)}
      onClick={() => goTo("model")}
      title="Open the Model room, which tells more"
    >
      <Icon name={isTroubled ? "warning" : "chip"} />
      <span className={styles.words}>
        <span>{text}</span>
        {detail && <span className={styles.detail}>{detail}</span>}
      </span>
    </button>
  );
}
