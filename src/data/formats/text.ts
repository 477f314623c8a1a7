// Rows of running text, {"text": "…"}: the whole text is trained, without a chat template.

import { type DatasetFormat, FieldError, requiredText } from "./dataset-format";

export const text: DatasetFormat = {
  shape: 'text: {"text": "…"}',
  fields: ["text"],
  recognises: (row) => typeof row["text"] === "string",
  read: (row) => {
    const content = requiredText(row, "text");
    if (content.trim() === "") throw new FieldError("text", "is empty; text was expected");
    return { kind: "text", text: content };
  },
};
