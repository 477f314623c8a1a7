// One answer: its text as it comes, and how it was made.

import { lazy, memo, Suspense } from "react";
import type { AnswerEnd } from "../../../engine/api";
import { FailureCallout } from "../../components/failure-callout";
import { Icon } from "../../components/icon";
import { IconButton } from "../../components/icon-button";
import { formatCounted, formatTokensPerSecond } from "../../format";
import { useStore } from "../../store";
import styles from "./chat-room.module.css";
import type { Answer } from "./conversation";

const MarkdownText = lazy(async () => ({ default: (await import("./markdown-text")).MarkdownText }));

export interface AnswerViewProps {
  readonly name: string;
  readonly answer: Answer | undefined;
  /** It is under way, or will be. */
  readonly isAwaited: boolean;
}

export const AnswerView = memo(function AnswerView({ name, answer, isAwaited }: AnswerViewProps) {
  const showsMarkdown = useStore((state) => state.chatSettings.showsMarkdown);
  const notify = useStore((state) => state.notify);
  const text = answer?.text ?? "";
  const isComing = isAwaited && !answer?.end && !answer?.failure;
  return (
    <article className={styles.answer} aria-label={`Answer of ${name}`} aria-busy={isComing || undefined}>
      <header className={styles.answerHead}>
        <h2>{name}</h2>
        {text !== "" && !isComing && (
          <IconButton
            label={`Copy the answer of ${name}`}
            icon={<Icon name="copy" />}
            onClick={() => {
              navigator.clipboard.writeText(text).then(
                () => notify("Copied"),
                () => notify("The browser did not allow copying"),
              );
            }}
          />
        )}
      </header>
      {text !== "" &&
        (showsMarkdown ? (
          <Suspense fallback={<p className={styles.plain}>{text}</p>}>
            <MarkdownText text={text} />
          </Suspense>
        ) : (
          <p className={styles.plain}>{text}</p>
        ))}
      {isComing && (
        <p className={styles.waiting} aria-hidden="true">
          <span />
          <span />
          <span />
        </p>
      )}
      {!isComing && answer?.end && text === "" && <p className={styles.note}>(an empty answer)</p>}
      {!isComing && !answer && <p className={styles.note}>Was not asked this.</p>}
      {answer?.failure && <FailureCallout failure={answer.failure} />}
      {answer?.end && <p className={styles.note}>{inWords(answer.end)}</p>}
    </article>
  );
});

function inWords(end: AnswerEnd): string {
  const parts = [formatCounted(end.tokens, "token")];
  if (end.tokensPerSecond > 0) parts.push(formatTokensPerSecond(end.tokensPerSecond));
  const reason = {
    end: "",
    length: "cut at the limit of new tokens",
    context: "the model's context is full",
    stopped: "stopped",
  }[end.reason];
  return [...parts, reason].filter(Boolean).join(" · ");
}
