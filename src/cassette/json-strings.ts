/** Where the strings of a JSON text stand, so that one of them can be changed while every other byte stays as it is. */

/** Keys and positions that lead to a value. */
export type JsonPath = readonly (string | number)[];

export interface JsonString {
  /** Of the literal, quotes included. */
  readonly start: number;
  readonly end: number;
  /** Null for a key. */
  readonly path: JsonPath | null;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

interface Level {
  /** The key of an object whose value comes next, or the position in an array. */
  at: string | number;
  /** In an object: the next string is a key. */
  beforeKey: boolean;
}

/** The strings of a text that `JSON.parse` takes; keys are among them. */
export function jsonStrings(json: string): JsonString[] {
  const found: JsonString[] = [];
  const levels: Level[] = [];
  for (let at = 0; at < json.length; at++) {
    const level = levels.at(-1);
    switch (json.charAt(at)) {
      case '"': {
        const end = endOfString(json, at);
        const isKey = level?.beforeKey === true;
        found.push({ start: at, end, path: isKey ? null : levels.map((each) => each.at) });
        if (isKey) {
          level.at = JSON.parse(json.slice(at, end)) as string;
          level.beforeKey = false;
        }
        at = end - 1;
        break;
      }
      case '{':
        levels.push({ at: '', beforeKey: true });
        break;
      case '[':
        levels.push({ at: 0, beforeKey: false });
        break;
      case '}':
      case ']':
        levels.pop();
        break;
      case ',':
        if (typeof level?.at === 'number') level.at += 1;
        else if (level !== undefined) level.beforeKey = true;
        break;
    }
  }
  return found;
}

function endOfString(json: string, start: number): number {
  for (let at = start + 1; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at + 1;
  }
  return json.length;
}
