// Other models than the one that is open: stored ones, a short catalogue, any repository by name.

import { useState } from "react";
import { Button } from "../../components/button";
import { Disclosure } from "../../components/disclosure";
import { FileDrop } from "../../components/file-drop";
import { Icon } from "../../components/icon";
import { Section } from "../../components/section";
import { TextField } from "../../components/text-field";
import { formatBytes, formatCount, formatRounded } from "../../format";
import { isTraining, useStore } from "../../store";
import { catalogue } from "./catalogue";
import { HubSettingsForm } from "./hub-settings-form";
import styles from "./model-choice.module.css";
import { ModelPlanView } from "./model-plan-view";
import { parseRepository } from "./parse-repository";

export function ModelChoice() {
  const inspectModel = useStore((state) => state.inspectModel);
  const inspecting = useStore((state) => state.inspectRequest?.repository);
  const openModelFolder = useStore((state) => state.openModelFolder);
  const isBusy = useStore(isTraining);
  const [address, setAddress] = useState("");
  const [revision, setRevision] = useState("");
  const [fault, setFault] = useState<string>();
  const look = (): void => {
    const request = parseRepository(address, revision);
    setFault(
      request
        ? undefined
        : "A repository is written OWNER/NAME, as in Qwen/Qwen3-0.6B; its address works too.",
    );
    if (request) void inspectModel(request);
  };
  return (
    <Section
      title="Models from the Hugging Face Hub"
      hint="A model is downloaded once and stays in this browser. Before anything is downloaded, you see what it takes."
    >
      <form
        className={styles.search}
        onSubmit={(event) => {
          event.preventDefault();
          look();
        }}
      >
        <TextField
          label="Repository"
          placeholder="OWNER/NAME"
          value={address}
          error={fault}
          onChange={(text) => {
            setAddress(text);
            setFault(undefined);
          }}
        />
        <TextField label="Revision" placeholder="main" value={revision} onChange={setRevision} />
        <Button type="submit" icon={<Icon name="search" />} disabled={address.trim() === ""}>
          Look at it
        </Button>
      </form>
      <ModelPlanView />
      <ul className={styles.list} aria-label="Catalogue">
        {catalogue.map(({ repository, parameters, download, context, licence, isGated, goodFor }) => (
          <li key={repository}>
            <div className={styles.words}>
              <h3>{repository}</h3>
              <p>{goodFor}</p>
              <p className={styles.note}>
                {formatRounded(parameters * 1e6)} parameters · about {formatBytes(download * 1e6)} ·{" "}
                {formatCount(context)} tokens of context · {licence}
                {isGated && " · access has to be asked for"}
              </p>
            </div>
            <Button
              size="small"
              aria-label={`Look at ${repository}`}
              aria-pressed={inspecting === repository}
              onClick={() => {
                setAddress(repository);
                void inspectModel({ repository });
              }}
            >
              Look at it
            </Button>
          </li>
        ))}
      </ul>
      <FileDrop
        label="Or a model from this computer"
        hint="A folder in the transformers format: config.json, tokenizer.json and .safetensors weights. It is read where it lies."
        folder
        multiple
        disabled={isBusy}
        buttonLabel="Choose a folder"
        onFiles={(files) => void openModelFolder(files)}
      />
      <Disclosure summary="Access token and mirror">
        <HubSettingsForm />
      </Disclosure>
    </Section>
  );
}
