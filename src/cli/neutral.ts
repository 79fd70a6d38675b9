/** Text from logs and frameworks, made harmless for a terminal. */

/**
 * All controls but tab and newline, invisible format characters (they reorder, join or hide what stands around them), and
 * the two separators that some terminals take for a new line.
 */
const HARMFUL = /(?![\t\n])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/**
 * Shows each harmful character by its code, so that no record can colour, move, clear or retitle the terminal of whoever
 * reads it, nor pretend to be another line. Tab and newline stay.
 *
 * @example neutral('\u001b[2Jgone') === '\\x1b[2Jgone'
 */
export function neutral(text: string): string {
  return text.replace(HARMFUL, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** The same for one line: newlines and tabs are shown as well. */
export function neutralLine(text: string): string {
  return neutral(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** JSON whose strings hold no harmful character, and which means the same. */
export function neutralJson(value: unknown): string {
  return JSON.stringify(value).replace(HARMFUL, (character) =>
    character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}
