// A file's bytes → its text, refusing with a name what isn't UTF-8 text.

import { AppError } from "../core/errors";

const signatures: readonly [string, string][] = [
  ["PAR1", "a Parquet file; this can't be read yet. Save it as JSON Lines"],
  ["PK\x03\x04", "a ZIP or Excel file. Unpack it, or save the table as JSON Lines"],
  ["\x1f\x8b", "gzip-compressed. Unpack it first"],
  ["\x28\xb5\x2f\xfd", "zstd-compressed. Unpack it first"],
  ["%PDF", "a PDF file. Save its text as .txt"],
  ["ARROW1", "an Arrow file. Save it as JSON Lines"],
  ["SQLite format 3", "an SQLite database. Save the table as JSON Lines"],
  [
    "version https://git-lfs",
    "a Git LFS pointer, not the data themselves. Run `git lfs pull`, or download the file from its page",
  ],
];

/** The text without byte-order mark. Throws AppError("bad-dataset") for binary files and other encodings. */
export function decodeDatasetText(fileName: string, content: string | Uint8Array): string {
  if (typeof content === "string") return content.startsWith("\ufeff") ? content.slice(1) : content;
  const start = String.fromCharCode(...content.subarray(0, 64));
  for (const [signature, what] of signatures) {
    if (start.startsWith(signature)) throw new AppError("bad-dataset", `${fileName}: the file is ${what}.`);
  }
  if (start.startsWith("\xff\xfe") || start.startsWith("\xfe\xff") || looksLikeUtf16(content)) {
    throw new AppError("bad-dataset", `${fileName}: the file is UTF-16 text. Save it as UTF-8.`);
  }
  if (content.subarray(0, 65536).includes(0)) {
    throw new AppError(
      "bad-dataset",
      `${fileName}: the file is binary (it holds zero bytes). A JSON, JSON Lines or text file was expected.`,
    );
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(content);
  } catch {
    const good = new TextDecoder().decode(content).split("\ufffd")[0]!;
    const line = good.split(/\r\n|\n|\r/).length;
    throw new AppError("bad-dataset", `${fileName}: line ${line} is no UTF-8 text. Save the file as UTF-8.`);
  }
}

/** UTF-16 without a byte-order mark: in mostly Latin text every second byte is zero. */
function looksLikeUtf16(content: Uint8Array): boolean {
  const length = Math.min(content.length, 512) & ~1;
  if (length < 4) return false;
  const zeros = [0, 0];
  for (let i = 0; i < length; i++) if (content[i] === 0) zeros[i % 2]! += 1;
  return Math.max(...zeros) > length * 0.35 && Math.min(...zeros) < length * 0.05;
}
