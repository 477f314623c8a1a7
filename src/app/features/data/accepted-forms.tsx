// What a dataset may look like, with the smallest example of each form.

import styles from "./data-room.module.css";

const forms = [
  ["Prompt and completion", '{"prompt": "2 + 2?", "completion": "4"}'],
  ["Alpaca", '{"instruction": "Add.", "input": "2 + 2", "output": "4"}'],
  [
    "OpenAI messages",
    '{"messages": [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "4"}]}',
  ],
  [
    "ShareGPT, Vicuna",
    '{"conversations": [{"from": "human", "value": "2 + 2?"}, {"from": "gpt", "value": "4"}]}',
  ],
  ["Text", '{"text": "Two and two make four."}'],
] as const;

export function AcceptedForms() {
  return (
    <dl className={styles.forms}>
      {forms.map(([name, example]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <code>{example}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}
