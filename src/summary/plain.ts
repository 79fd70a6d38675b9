/** Text from logs, made harmless for a terminal and for git: nothing in it can move a cursor, hide or reorder. */
import { stripVTControlCharacters } from 'node:util';

/** Control characters, separators of lines, marks that reorder text or take no room, and halves of surrogate pairs. */
const UNSAFE =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu;
/** Colours and cursor movements that a tool meant for a terminal. */
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': ' ' };
/** More marks than this on one letter only pile up. */
const PILED_MARKS = /(\p{M}{2})\p{M}+/gu;

/**
 * One line of visible characters. Terminal sequences are removed; what else could do harm is shown as an escape.
 *
 * @example plain('a\u001b[31mb\u202e\n') === 'ab\\u{202e}\\n'
 */
export function plain(text: string): string {
  return stripVTControlCharacters(text)
    .replace(UNSAFE, (character) => NAMED[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`)
    .replace(PILED_MARKS, '$1');
}
