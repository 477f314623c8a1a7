// System prompt and sampling. They count from the next question on.

import { Button } from "../../components/button";
import { NumberField } from "../../components/number-field";
import { SliderField } from "../../components/slider-field";
import { SwitchField } from "../../components/switch-field";
import { TextArea } from "../../components/text-area";
import { useStore } from "../../store";
import styles from "./chat-room.module.css";
import { defaultChatSettings } from "./conversation";

export function ChatSettingsForm() {
  const settings = useStore((state) => state.chatSettings);
  const update = useStore((state) => state.updateChatSettings);
  const { systemPrompt, temperature, topK, topP, repetitionPenalty, maxNewTokens, seed } = settings;
  const isGreedy = temperature === 0;
  const isChanged = JSON.stringify(settings) !== JSON.stringify(defaultChatSettings);
  return (
    <div className={styles.settingsForm}>
      <TextArea
        label="System prompt"
        hint="Goes before the conversation. Empty: none is given."
        rows={3}
        value={systemPrompt}
        onChange={(value) => update({ systemPrompt: value })}
      />
      <SliderField
        label="Temperature"
        hint="How freely the next token is drawn. At 0 the likeliest one is taken, and every answer repeats exactly."
        min={0}
        max={2}
        step={0.05}
        value={temperature}
        valueText={isGreedy ? "0, likeliest" : undefined}
        onChange={(value) => update({ temperature: value })}
      />
      <SliderField
        label="Top-p"
        hint="Draws from the likeliest tokens that together reach this share. 1 is off."
        min={0.05}
        max={1}
        step={0.05}
        value={topP}
        valueText={topP === 1 ? "1, off" : undefined}
        disabled={isGreedy}
        onChange={(value) => update({ topP: value })}
      />
      <NumberField
        label="Top-k"
        unit="tokens"
        hint="Draws from that many likeliest tokens. 0 is off."
        min={0}
        max={1000}
        whole
        value={topK}
        disabled={isGreedy}
        onChange={(value) => update({ topK: value })}
      />
      <SliderField
        label="Repetition penalty"
        hint="Makes tokens that were there already less likely. 1 is off."
        min={1}
        max={2}
        step={0.05}
        value={repetitionPenalty}
        valueText={repetitionPenalty === 1 ? "1, off" : undefined}
        onChange={(value) => update({ repetitionPenalty: value })}
      />
      <NumberField
        label="Longest answer"
        unit="tokens"
        hint="An answer that gets longer is cut."
        min={1}
        max={2048}
        whole
        value={maxNewTokens}
        onChange={(value) => update({ maxNewTokens: value })}
      />
      <NumberField
        label="Seed"
        hint="The same seed draws the same answer. All columns use it."
        min={0}
        max={4_294_967_295}
        whole
        value={seed}
        disabled={isGreedy}
        onChange={(value) => update({ seed: value })}
      />
      <SwitchField
        label="Show Markdown"
        hint="Off: answers as the model wrote them."
        checked={settings.showsMarkdown}
        onChange={(showsMarkdown) => update({ showsMarkdown })}
      />
      {isChanged && (
        <Button size="small" variant="quiet" onClick={() => update(defaultChatSettings)}>
          Back to the defaults
        </Button>
      )}
    </div>
  );
}
