// One question and its answers, a column each.

import { Icon } from "../../components/icon";
import { IconButton } from "../../components/icon-button";
import { useStore } from "../../store";
import { AnswerView } from "./answer-view";
import styles from "./chat-room.module.css";
import type { Turn } from "./conversation";
import { useVoices } from "./use-voices";

export interface TurnViewProps {
  readonly turn: Turn;
  readonly index: number;
  readonly isLast: boolean;
}

export function TurnView({ turn, index, isLast }: TurnViewProps) {
  const isAnswering = useStore((state) => state.isAnswering);
  const editTurn = useStore((state) => state.editTurn);
  const askAgain = useStore((state) => state.askAgain);
  const isEdited = useStore((state) => state.editing !== undefined && index >= state.editing);
  const { voices, names } = useVoices();
  return (
    <li className={isEdited ? styles.replaced : undefined}>
      <div className={styles.question}>
        <p>
          <span className="visually-hidden">You: </span>
          {turn.prompt}
        </p>
        {!isAnswering && (
          <span className={styles.questionActions}>
            <IconButton
              label="Edit and ask again"
              icon={<Icon name="edit" />}
              onClick={() => {
                editTurn(index);
                document.getElementById("chat-prompt")?.focus();
              }}
            />
            {isLast && (
              <IconButton
                label="Answer again, with the next seed"
                icon={<Icon name="again" />}
                onClick={() => void askAgain()}
              />
            )}
          </span>
        )}
      </div>
      <div className={styles.answers}>
        {voices.map((voice) => (
          <AnswerView
            key={voice}
            name={names.get(voice) ?? voice}
            answer={turn.answers[voice]}
            isAwaited={isLast && isAnswering}
          />
        ))}
      </div>
    </li>
  );
}
