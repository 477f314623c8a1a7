// The turns so far. What is new is read aloud when it is complete, not token by token.

import { useEffect, useRef } from "react";
import { Button } from "../../components/button";
import { EmptyState } from "../../components/empty-state";
import { useStore } from "../../store";
import styles from "./chat-room.module.css";
import { TurnView } from "./turn-view";
import { useVoices } from "./use-voices";

/** Pixels below the window within which the end may lie for the page to follow what is written. */
const FOLLOW_DISTANCE = 160;

export function TurnList() {
  const turns = useStore((state) => state.turns);
  const isAnswering = useStore((state) => state.isAnswering);
  const { voices, names } = useVoices();
  const list = useRef<HTMLOListElement>(null);
  const wasAtEnd = useRef(true);
  useEffect(() => {
    const onScroll = (): void => {
      const bottom = list.current?.getBoundingClientRect().bottom ?? 0;
      wasAtEnd.current = bottom < innerHeight + FOLLOW_DISTANCE;
    };
    addEventListener("scroll", onScroll, { passive: true });
    return () => removeEventListener("scroll", onScroll);
  }, []);
  useEffect(() => {
    list.current?.lastElementChild?.scrollIntoView({ block: "nearest" });
  }, []);
  useEffect(() => {
    if (isAnswering && wasAtEnd.current) list.current?.lastElementChild?.scrollIntoView({ block: "nearest" });
  }, [turns, isAnswering]);

  const last = turns.at(-1);
  const spoken =
    isAnswering || !last
      ? ""
      : voices.map((voice) => `${names.get(voice)} answers: ${last.answers[voice]?.text ?? ""}`).join("\n");
  return (
    <>
      {turns.length === 0 && <Beginning />}
      <ol ref={list} className={styles.turns} aria-label="Conversation">
        {turns.map((turn, index) => (
          <TurnView key={index} turn={turn} index={index} isLast={index === turns.length - 1} />
        ))}
      </ol>
      <div className="visually-hidden" role="status">
        {isAnswering ? "Answering" : spoken}
      </div>
    </>
  );
}

function Beginning() {
  const sample = useStore((state) => state.dataset?.sample);
  const prompts = useStore((state) => state.config.samplePrompts);
  const setDraft = useStore((state) => state.setDraft);
  const earlier = useStore((state) => state.earlierTurns.length);
  const backToEarlier = useStore((state) => state.backToEarlier);
  const suggested = (sample?.prompts ?? prompts).slice(0, 4);
  return (
    <EmptyState
      title="Ask something"
      action={
        <>
          {suggested.map((prompt) => (
            <Button
              key={prompt}
              size="small"
              onClick={() => {
                setDraft(prompt);
                document.getElementById("chat-prompt")?.focus();
              }}
            >
              {prompt}
            </Button>
          ))}
          {earlier > 0 && (
            <Button size="small" variant="quiet" onClick={backToEarlier}>
              Back to the earlier conversation
            </Button>
          )}
        </>
      }
    >
      All that are chosen above answer the same question, with the same seed.
    </EmptyState>
  );
}
