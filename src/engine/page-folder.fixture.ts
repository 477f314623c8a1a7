// The page's own files, for an engine under Node: fetch over public/.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

/** A page below a path, as a static host serves it. */
export const pageBase = new URL("https://page.example/tabtune/");

/** Answers as a static server: the file, or 404. */
export const fetchPublic: typeof fetch = async (input) => {
  const url = new URL(String(input));
  if (!url.href.startsWith(pageBase.href)) throw new TypeError(`${url.href} is not the page's own`);
  const path = url.pathname.slice(pageBase.pathname.length);
  const file = new URL(`../../public/${path}`, import.meta.url);
  return readFile(fileURLToPath(file)).then(
    (bytes) => new Response(new Uint8Array(bytes)),
    () => new Response("not found", { status: 404 }),
  );
};
