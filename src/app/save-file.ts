// Hands a file to the person, as a download.

const LIFETIME_MILLISECONDS = 60_000;

export function saveFile(name: string, content: Blob): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  // The download may begin later; the browser needs the address until then.
  setTimeout(() => URL.revokeObjectURL(address), LIFETIME_MILLISECONDS);
}
