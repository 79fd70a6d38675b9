/** Text from logs and frameworks, made harmless for a terminal and for a file that people read. No dependencies: the log core uses it. */
import { stripVTControlCharacters } from 'node:util';

/**
 * All controls but tab and newline, characters without a shape (they reorder, join or hide the text around them, or carry
 * invisible text), halves of surrogate pairs, and the two separators that some terminals take for a new line. The
 * selectors that choose between the text and the emoji form of a character stay.
 */
const HARMFUL = /(?!\t|\n|[\ufe00-\ufe0f])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Shows each harmful character by its code, so that no text can color, move, clear or retitle the reader's terminal
 * it, nor pretend to be another line. Tab and newline stay.
 *
 * @example sanitize('\u001b[2Jgone') === '\\x1b[2Jgone'
 */
export function sanitize(text: string): string {
  return text.replace(HARMFUL, (character) => {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** The same for one line: newlines and tabs are shown as well. */
export function sanitizeLine(text: string): string {
  return sanitize(text).replaceAll('\n', '\\n').replaceAll('\t', '\\t');
}

/** JSON whose strings hold no harmful character, and which means the same. */
export function sanitizeJson(value: unknown): string {
  return escapeInJson(JSON.stringify(value));
}

/** The same for a line of JSON text without blanks between its tokens. */
export function escapeInJson(json: string): string {
  return json.replace(HARMFUL, (character) =>
    character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
}

/** As above, but joiners stay, which some scripts and emoji need. Fixed, since sealed summaries are compared byte by byte. */
const HARMFUL_IN_FILES =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
const SHOWN_AS: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': ' ' };
/** More marks than this on one letter only pile up. */
const PILED_MARKS = /(\p{M}{2})\p{M}+/gu;

/**
 * One line of a file for people and git, such as the summary. Terminal sequences are removed; what else could do harm is shown
 * as an escape.
 *
 * @example sanitizeForFile('a\u001b[31mb\u202e\n') === 'ab\\u{202e}\\n'
 */
export function sanitizeForFile(text: string): string {
  return stripVTControlCharacters(text)
    .replace(HARMFUL_IN_FILES, (character) => SHOWN_AS[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
    .replace(PILED_MARKS, '$1');
}
