// Where a model's files come from: a folder in Node, a folder that the person opened in the browser, the built-in
// model, a Hugging Face repository. Readers know this interface alone. File names are relative to the model folder
// and never contain a slash.

/** All methods but `has` throw AppError("file-missing") when the file isn't there. */
export interface ModelSource {
  /** What error messages call it: a folder's or a repository's name. */
  readonly name: string;
  has(file: string): Promise<boolean>;
  /** The whole file as UTF-8 text. */
  text(file: string): Promise<string>;
  /** Bytes [begin, end) of the file; exactly end - begin of them. */
  read(file: string, begin: number, end: number): Promise<Uint8Array>;
  /** Length of the file in bytes. */
  size(file: string): Promise<number>;
}
