/** Text from logs and frameworks, made harmless for a terminal. */

/** Control characters (C0 but tab and newline, DEL, C1), and marks that reorder or hide what stands around them. */
// eslint-disable-next-line no-control-regex
const HARMFUL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

/**
 * Shows each harmful character by its code, so that no record can colour, move, clear or retitle the terminal of whoever
 * reads it, nor pretend to be another line. Tab and newline stay.
 *
 * @example neutral('\u001b[2Jgone') === '\\x1b[2Jgone'
 */
export function neutral(text: string): string {
  return text.replace(HARMFUL, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** The same for one line: newlines and tabs are shown as well. */
export function neutralLine(text: string): string {
  return neutral(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** JSON whose strings hold no harmful character, and which means the same. */
export function neutralJson(value: unknown): string {
  return JSON.stringify(value).replace(HARMFUL, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
