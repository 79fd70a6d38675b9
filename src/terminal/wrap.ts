/**
 * Text cut and broken to a width. The width comes from a table of its own, which takes the larger figure where terminals differ
 * and never changes: a sealed summary is rendered again and compared byte by byte.
 */

/** East Asian wide and fullwidth characters, by block. */
const WIDE: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x231a, 0x231b],
  [0x2329, 0x232a],
  [0x23e9, 0x23f3],
  [0x25fd, 0x25fe],
  [0x2614, 0x2615],
  [0x2630, 0x2637],
  [0x2648, 0x2653],
  [0x268a, 0x268f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4dc0, 0x4dff],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18cff],
  [0x1aff0, 0x1b2ff],
  [0x1d300, 0x1d376],
  [0x1f000, 0x1faff],
  [0x20000, 0x3fffd],
];

const ZERO = /^[\p{Mn}\p{Me}\p{Cf}]$/u;
const EMOJI = /^\p{Emoji_Presentation}$/u;
/** Makes the character before it an emoji of two columns. */
const EMOJI_SELECTOR = 0xfe0f;
/** Bytes a line may have, however narrow its characters are. */
const MAX_BYTES_PER_COLUMN = 2;

/** Columns that `text` takes at most, in any terminal. */
export function fileWidthOf(text: string): number {
  let width = 0;
  for (const character of text) width += widthOfCharacter(character);
  return width;
}

function widthOfCharacter(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (code === EMOJI_SELECTOR) return 1;
  if (ZERO.test(character)) return 0;
  return EMOJI.test(character) || WIDE.some(([from, to]) => code >= from && code <= to) ? 2 : 1;
}

/** Cuts text to at most `columns`; what was cut shows as `...`. */
export function clip(text: string, columns: number): string {
  const bytes = columns * MAX_BYTES_PER_COLUMN;
  if (fileWidthOf(text) <= columns && Buffer.byteLength(text) <= bytes) return text;
  const [head] = splitAt(text, columns - 3, bytes - 3);
  return `${head.trimEnd()}...`;
}

/** Breaks text at spaces into at most `maxLines` lines of `columns`; the last is cut when more remains. */
export function wrap(text: string, columns: number, maxLines: number): string[] {
  const lines: string[] = [];
  let rest = text.trim();
  while (rest !== '' && lines.length < maxLines - 1) {
    const [head, tail] = splitAt(rest, columns, columns * MAX_BYTES_PER_COLUMN);
    if (tail === '') break;
    const space = tail.startsWith(' ') ? head.length : head.lastIndexOf(' ');
    // A word as long as the line is broken where the line ends.
    const at = space > head.length / 3 ? space : head.length;
    lines.push(rest.slice(0, at).trimEnd());
    rest = rest.slice(at).trimStart();
  }
  if (rest !== '' || lines.length === 0) lines.push(clip(rest, columns));
  return lines;
}

/** The longest beginning within the limits, and the rest. */
function splitAt(text: string, columns: number, bytes: number): [string, string] {
  let [width, size, at] = [0, 0, 0];
  for (const character of text) {
    width += widthOfCharacter(character);
    size += Buffer.byteLength(character);
    if (width > columns || size > bytes) break;
    at += character.length;
  }
  return [text.slice(0, at), text.slice(at)];
}
