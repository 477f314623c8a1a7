// Access to gated and private models, and another Hub than the usual one.

import { useState } from "react";
import { Button } from "../../components/button";
import { FailureCallout } from "../../components/failure-callout";
import { TextField } from "../../components/text-field";
import { isTraining, useStore } from "../../store";
import styles from "./model-choice.module.css";

export function HubSettingsForm() {
  const endpoint = useStore((state) => state.hubEndpoint);
  const hasToken = useStore((state) => state.hasHubToken);
  const failure = useStore((state) => state.hubFailure);
  const isBusy = useStore(isTraining);
  const setHubEndpoint = useStore((state) => state.setHubEndpoint);
  const setHubToken = useStore((state) => state.setHubToken);
  const [token, setToken] = useState("");
  const [mirror, setMirror] = useState(endpoint ?? "");
  const isAddress = mirror.trim() === "" || isWebAddress(mirror.trim());
  return (
    <div className={styles.hubSettings}>
      {failure && <FailureCallout failure={failure} />}
      <form
        className={styles.search}
        onSubmit={(event) => {
          event.preventDefault();
          void setHubToken(token.trim() || undefined).then(() => setToken(""));
        }}
      >
        <TextField
          label="Access token"
          type="password"
          placeholder={hasToken ? "one is in use" : "hf_…"}
          hint="For gated and private models. It is kept until the page is closed and sent to the Hub alone."
          value={token}
          onChange={setToken}
        />
        <Button type="submit" disabled={token.trim() === "" && !hasToken}>
          {hasToken && token.trim() === "" ? "Forget the token" : "Use it"}
        </Button>
      </form>
      <form
        className={styles.search}
        onSubmit={(event) => {
          event.preventDefault();
          if (isAddress) setHubEndpoint(mirror.trim().replace(/\/+$/, "") || undefined);
        }}
      >
        <TextField
          label="Mirror"
          placeholder="https://huggingface.co"
          hint="Another Hub to ask. The page reloads, since its policy names whom it may speak to."
          value={mirror}
          error={isAddress ? undefined : "An address that begins with https:// is needed."}
          onChange={setMirror}
        />
        <Button type="submit" disabled={isBusy || !isAddress || mirror.trim() === (endpoint ?? "")}>
          Use it and reload
        </Button>
      </form>
    </div>
  );
}

/** Plain http is for this computer alone. */
function isWebAddress(text: string): boolean {
  try {
    const { protocol, hostname } = new URL(text);
    return protocol === "https:" || (protocol === "http:" && ["localhost", "127.0.0.1"].includes(hostname));
  } catch {
    return false;
  }
}
