// Finds a key that an object of a JSON text holds twice. JSON.parse accepts that and keeps the last value.

/** The first repeated key in any object of `json`, which must be valid JSON; undefined when there is none. */
export function duplicateKey(json: string): string | undefined {
  const open: (Set<string> | undefined)[] = []; // one entry for each open bracket: keys of an object, undefined for an array
  let keyExpected = false;
  for (let i = 0; i < json.length; i++) {
    const character = json[i];
    if (character === '"') {
      const begin = i;
      for (i++; json[i] !== '"'; i++) if (json[i] === "\\") i++;
      const keys = open.at(-1);
      if (!keyExpected || !keys) continue;
      const key = JSON.parse(json.slice(begin, i + 1)) as string; // "a" and "\u0061" are the same key
      if (keys.has(key)) return key;
      keys.add(key);
      keyExpected = false;
    } else if (character === "{") {
      open.push(new Set());
      keyExpected = true;
    } else if (character === "[") {
      open.push(undefined);
      keyExpected = false;
    } else if (character === "}" || character === "]") {
      open.pop();
      keyExpected = false;
    } else if (character === ",") {
      keyExpected = open.at(-1) !== undefined;
    }
  }
  return undefined;
}
