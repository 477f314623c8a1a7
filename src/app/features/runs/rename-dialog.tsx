// A new name for a run.

import { useState } from "react";
import { Button } from "../../components/button";
import { Dialog } from "../../components/dialog";
import { TextField } from "../../components/text-field";

export interface RenameDialogProps {
  readonly name: string;
  readonly onRename: (name: string) => void;
  readonly onClose: () => void;
}

export function RenameDialog({ name, onRename, onClose }: RenameDialogProps) {
  const [draft, setDraft] = useState(name);
  const [error, setError] = useState<string>();
  const take = (): void => {
    if (draft.trim() === "") return setError("A run needs a name.");
    if (draft.trim() !== name) onRename(draft.trim());
    onClose();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title="Rename the run"
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" onClick={take}>
            Rename
          </Button>
        </>
      }
    >
      <TextField
        label="Name"
        value={draft}
        error={error}
        maxLength={120}
        onEnter={take}
        onChange={(next) => {
          setDraft(next);
          setError(undefined);
        }}
      />
    </Dialog>
  );
}
