// Starts the page: asks for the GPU, the stored runs and the built-in model, and draws the frame.

import "./narrow-policy";
import { CSPProvider } from "@base-ui/react/csp-provider";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app";
import { roomOfAddress } from "./shell-slice";
import { useStore } from "./store";
import "./styles/tokens.css";
import "./styles/base.css";

const { openGpu, openLastModel, setHubToken, watchStored, refreshStorage, reopenLastDataset } =
  useStore.getState();
void openGpu();
void setHubToken(undefined); // names the mirror
void openLastModel();
void watchStored();
void refreshStorage();
void reopenLastDataset();

// Not `goTo`, which would add to the history that one goes back in.
addEventListener("popstate", () => useStore.setState({ room: roomOfAddress() ?? "model" }));

// A file that is dropped beside its place must not replace the page, and with it a run.
for (const name of ["dragover", "drop"] as const) addEventListener(name, (event) => event.preventDefault());

const page = document.getElementById("page");
if (!page) throw new Error("internal: index.html has no element #page");
createRoot(page).render(
  <StrictMode>
    <CSPProvider disableStyleElements>
      <App />
    </CSPProvider>
  </StrictMode>,
);
