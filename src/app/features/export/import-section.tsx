// An adapter from elsewhere, to chat with or to train further.

import { FailureCallout } from "../../components/failure-callout";
import { FileDrop } from "../../components/file-drop";
import { Section } from "../../components/section";
import { useStore } from "../../store";

export function ImportSection() {
  const model = useStore((state) => state.model);
  const isImporting = useStore((state) => state.isImporting);
  const failure = useStore((state) => state.importFailure);
  const dismiss = useStore((state) => state.dismissImportFailure);
  const importAdapter = useStore((state) => state.importAdapter);
  return (
    <Section
      title="Bring an adapter in"
      hint={
        model
          ? `A LoRA adapter in PEFT form that was made for ${model.name}, from here or from Python.`
          : "The model that it was made for has to be open."
      }
    >
      {failure && <FailureCallout failure={failure} onDismiss={dismiss} />}
      <FileDrop
        label={isImporting ? "Reading and checking it …" : "Drop an adapter"}
        hint="Its zip, or adapter_config.json together with adapter_model.safetensors."
        accept=".zip,.json,.safetensors,application/zip"
        multiple
        disabled={!model || isImporting}
        onFiles={(files) => void importAdapter(files)}
      />
    </Section>
  );
}
