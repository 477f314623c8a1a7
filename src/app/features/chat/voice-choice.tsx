// Who answers: up to three, side by side.

import { Button } from "../../components/button";
import { Icon } from "../../components/icon";
import { IconButton } from "../../components/icon-button";
import { SelectField } from "../../components/select-field";
import { useStore } from "../../store";
import styles from "./chat-room.module.css";
import { baseVoice, MOST_VOICES } from "./conversation";
import { useVoices } from "./use-voices";

export interface VoiceChoiceProps {
  readonly disabled: boolean;
}

export function VoiceChoice({ disabled }: VoiceChoiceProps) {
  const { voices, names } = useVoices();
  const setVoices = useStore((state) => state.setVoices);
  const free = [...names.keys()].filter((voice) => !voices.includes(voice));
  if (names.size === 1) {
    return (
      <p className={styles.note}>
        The base model answers. A run, or an adapter that you import, can answer beside it.
      </p>
    );
  }
  return (
    <fieldset className={styles.voices}>
      <legend className="visually-hidden">Who answers</legend>
      {voices.map((voice, column) => (
        <div key={voice} className={styles.voice}>
          <SelectField
            label={`Column ${column + 1}`}
            hideLabel
            value={voice}
            disabled={disabled}
            options={[...names]
              .filter(([other]) => other === voice || !voices.includes(other))
              .map(([value, label]) => ({ value, label }))}
            onChange={(next) => setVoices(voices.with(column, next))}
          />
          {voices.length > 1 && (
            <IconButton
              label={`Take ${names.get(voice) ?? "it"} out of the chat`}
              icon={<Icon name="close" />}
              disabled={disabled}
              onClick={() => setVoices(voices.filter((other) => other !== voice))}
            />
          )}
        </div>
      ))}
      {voices.length < MOST_VOICES && free.length > 0 && (
        <Button
          size="small"
          variant="quiet"
          disabled={disabled}
          onClick={() => setVoices([...voices, free.includes(baseVoice) ? baseVoice : free[0]!])}
        >
          Compare with {free.includes(baseVoice) ? "the base model" : "another"}
        </Button>
      )}
    </fieldset>
  );
}
