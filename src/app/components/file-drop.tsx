// Takes files by drop, by a button and by paste. With `pastedName`, pasted text becomes a file of that name.

import { useEffect, useId, useRef, useState, type DragEvent } from "react";
import { Button } from "./button";
import { classNames } from "./class-names";
import styles from "./file-drop.module.css";
import { Icon } from "./icon";

export interface FileDropProps {
  readonly label: string;
  readonly hint: string;
  /** As of `<input accept>`; it only guides the file dialog, a dropped file may be anything. */
  readonly accept?: string | undefined;
  readonly multiple?: boolean | undefined;
  /** Takes a folder with all that is in it. */
  readonly folder?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly buttonLabel?: string | undefined;
  readonly pastedName?: string | undefined;
  readonly onFiles: (files: readonly File[]) => void;
}

export function FileDrop(props: FileDropProps) {
  const { label, hint, accept, multiple = false, disabled = false, pastedName, onFiles } = props;
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const id = useId();

  const give = (files: readonly File[]): void => {
    if (disabled || files.length === 0) return;
    onFiles(multiple ? files : files.slice(0, 1));
  };
  const latest = useRef(give);
  useEffect(() => {
    latest.current = give;
  });
  useEffect(() => {
    const onPaste = (event: ClipboardEvent): void => {
      const target = event.target as HTMLElement | null;
      if (target?.closest("input, textarea, [contenteditable]") || !event.clipboardData) return;
      const files = [...event.clipboardData.files];
      const text = event.clipboardData.getData("text/plain");
      if (files.length > 0) latest.current(files);
      else if (pastedName && text.trim())
        latest.current([new File([text], pastedName, { type: "text/plain" })]);
    };
    document.addEventListener("paste", onPaste);
    return () => document.removeEventListener("paste", onPaste);
  }, [pastedName]);

  const onDrag = (event: DragEvent, over: boolean): void => {
    event.preventDefault();
    event.dataTransfer.dropEffect = disabled ? "none" : "copy";
    setIsOver(over && !disabled);
  };
  return (
    <div
      className={classNames(styles.drop, isOver && styles.over)}
      role="group"
      aria-labelledby={`${id}-label`}
      onDragOver={(event) => onDrag(event, true)}
      onDragLeave={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) onDrag(event, false);
      }}
      onDrop={(event) => {
        onDrag(event, false);
        void droppedFiles(event.dataTransfer).then(give);
      }}
    >
      <Icon name="file" />
      <p id={`${id}-label`} className={styles.label}>
        {label}
      </p>
      <p id={`${id}-hint`} className={styles.hint}>
        {hint}
      </p>
      <Button disabled={disabled} aria-describedby={`${id}-hint`} onClick={() => input.current?.click()}>
        {props.buttonLabel ?? (multiple ? "Choose files" : "Choose a file")}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        accept={accept}
        multiple={multiple}
        {...(props.folder && { webkitdirectory: "" })}
        aria-label={label}
        onChange={(event) => {
          give([...(event.target.files ?? [])]);
          event.target.value = ""; // the same file may be chosen again after it was corrected
        }}
      />
    </div>
  );
}

/** The files that were dropped; of a folder, those directly in it. */
async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const files = [...transfer.files];
  const folders = [...transfer.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((entry): entry is FileSystemDirectoryEntry => entry?.isDirectory === true);
  if (folders.length === 0) return files;
  return (await Promise.all(folders.map(filesIn))).flat();
}

async function filesIn(folder: FileSystemDirectoryEntry): Promise<File[]> {
  const reader = folder.createReader();
  const entries: FileSystemEntry[] = [];
  // A reader gives at most a hundred entries at a time, and none at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) break;
    entries.push(...some);
  }
  const own = entries.filter((entry): entry is FileSystemFileEntry => entry.isFile);
  return Promise.all(own.map((entry) => new Promise<File>((resolve, reject) => entry.file(resolve, reject))));
}
