// Trying the model and its adapters, side by side.

import { useEffect } from "react";
import { Button } from "../../components/button";
import { Callout } from "../../components/callout";
import { Disclosure } from "../../components/disclosure";
import { EmptyState } from "../../components/empty-state";
import { FailureCallout } from "../../components/failure-callout";
import { Icon } from "../../components/icon";
import { JobProgress } from "../../components/job-progress";
import { Room } from "../../components/room";
import { isTraining, useStore } from "../../store";
import styles from "./chat-room.module.css";
import { ChatSettingsForm } from "./chat-settings-form";
import { Composer } from "./composer";
import { TurnList } from "./turn-list";
import { VoiceChoice } from "./voice-choice";

export function ChatRoom() {
  const model = useStore((state) => state.model);
  const gpu = useStore((state) => state.gpu);
  const voices = useStore((state) => state.voices);
  const areAdaptersRead = useStore((state) => state.areRunsRead);
  const isBusy = useStore(isTraining);
  const isOpening = useStore((state) => state.isChatOpening);
  const isAnswering = useStore((state) => state.isAnswering);
  const progress = useStore((state) => state.chatProgress);
  const failure = useStore((state) => state.chatFailure);
  const openChat = useStore((state) => state.openChat);
  const newConversation = useStore((state) => state.newConversation);
  const hasTurns = useStore((state) => state.turns.length > 0);
  const goTo = useStore((state) => state.goTo);
  const isReady = model !== undefined && gpu !== undefined && areAdaptersRead && !isBusy;
  useEffect(() => {
    if (isReady && !isAnswering) void openChat();
  }, [isReady, isAnswering, voices, model, openChat]);
  return (
    <Room
      title="Chat"
      lead="Ask the model, and what you have taught it, the same question. Nothing that you write leaves this computer."
      actions={
        hasTurns && (
          <Button disabled={isAnswering} onClick={newConversation}>
            New conversation
          </Button>
        )
      }
      wide
    >
      {failure && <FailureCallout failure={failure} />}
      {isBusy && (
        <Callout
          tone="info"
          title="A run is under way"
          action={
            <Button size="small" onClick={() => goTo("train")}>
              Watch the run
            </Button>
          }
        >
          The chat opens when the run has ended or is stopped. What you write is kept.
        </Callout>
      )}
      {model ? (
        <div className={styles.layout}>
          <div className={styles.talk}>
            <VoiceChoice disabled={isAnswering} />
            <TurnList />
            {isOpening && <JobProgress progress={progress} label="Loading the model for chat" />}
            <Composer canSend={isReady} />
          </div>
          <aside className={styles.settings} aria-label="Settings of the chat">
            <Disclosure summary="Settings" defaultOpen={matchMedia("(min-width: 1180px)").matches}>
              <ChatSettingsForm />
            </Disclosure>
          </aside>
        </div>
      ) : (
        <EmptyState
          title="There is no model to chat with yet"
          action={
            <Button variant="primary" icon={<Icon name="model" />} onClick={() => goTo("model")}>
              Open the Model room
            </Button>
          }
        />
      )}
    </Room>
  );
}
