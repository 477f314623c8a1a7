// File names that every system takes, made of names that people gave.

export function exportName(name: string, extension: string): string {
  const plain = name
    .normalize("NFKC")
    .replace(/[^\p{L}\p{N}._-]+/gu, "-")
    .replace(/^[-.]+|[-.]+$/g, "")
    .slice(0, 80);
  return `${plain || "tabtune"}.${extension}`;
}
