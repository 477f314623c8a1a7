// Where the next question is written. Enter sends, Shift+Enter starts a line, Escape stops the answer or gives up an
// edit; keys that belong to an input method are left to it.

import type { KeyboardEvent } from "react";
import { Button } from "../../components/button";
import { Icon } from "../../components/icon";
import { formatCount, formatCounted } from "../../format";
import { useStore } from "../../store";
import styles from "./chat-room.module.css";

export interface ComposerProps {
  readonly canSend: boolean;
}

export function Composer({ canSend }: ComposerProps) {
  const draft = useStore((state) => state.draft);
  const editing = useStore((state) => state.editing);
  const turns = useStore((state) => state.turns.length);
  const isAnswering = useStore((state) => state.isAnswering);
  const setDraft = useStore((state) => state.setDraft);
  const editTurn = useStore((state) => state.editTurn);
  const ask = useStore((state) => state.ask);
  const stopAnswers = useStore((state) => state.stopAnswers);
  const send = (): void => {
    if (canSend) void ask(draft);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "Escape") {
      if (isAnswering) void stopAnswers();
      else if (editing !== undefined) editTurn(undefined);
    } else if (event.key === "ArrowUp" && draft === "" && turns > 0 && !isAnswering) {
      event.preventDefault();
      editTurn(turns - 1);
    }
  };
  return (
    <form
      className={styles.composer}
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {editing !== undefined && (
        <p className={styles.editing}>
          Sending replaces {editing === turns - 1 ? "the last turn" : `the last ${turns - editing} turns`}.
          <Button size="small" variant="quiet" onClick={() => editTurn(undefined)}>
            Don’t edit
          </Button>
        </p>
      )}
      <div className={styles.writing}>
        <label className="visually-hidden" htmlFor="chat-prompt">
          Your question
        </label>
        <textarea
          id="chat-prompt"
          rows={2}
          placeholder="Ask something"
          aria-describedby="chat-keys"
          value={draft}
          onChange={(event) => setDraft(event.target.value)}
          onKeyDown={onKeyDown}
        />
        {isAnswering ? (
          <Button icon={<Icon name="stop" />} onClick={() => void stopAnswers()}>
            Stop
          </Button>
        ) : (
          <Button type="submit" variant="primary" disabled={!canSend || draft.trim() === ""}>
            Send
          </Button>
        )}
      </div>
      <p className={styles.keys}>
        <span id="chat-keys">Enter sends, Shift and Enter starts a new line.</span>
        <ContextUse />
      </p>
    </form>
  );
}

/** How much of the model's context the longest conversation takes. */
function ContextUse() {
  const context = useStore((state) => state.chat?.context);
  const used = useStore((state) =>
    Math.max(
      0,
      ...Object.values(state.turns.at(-1)?.answers ?? {}).map(({ end }) =>
        end ? end.promptTokens + end.tokens : 0,
      ),
    ),
  );
  if (context === undefined) return null;
  if (used === 0) return <span>Room for {formatCounted(context, "token")}</span>;
  return (
    <span className={used > 0.9 * context ? styles.full : undefined}>
      {formatCount(used)} of {formatCount(context)} tokens of context
      {used > 0.9 * context && ": start a new conversation soon"}
    </span>
  );
}
