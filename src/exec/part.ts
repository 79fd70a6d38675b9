/** A character that takes more than one byte in a JSON string. */
const NOT_ONE_BYTE = /[^ !#-[\]-~]/;

/**
 * The length of the longest prefix of `text` whose JSON string form has at most `maxBytes` bytes in UTF-8, without its quotes.
 * A surrogate pair is never divided. At least one character, so that a caller always gets on.
 */
export function jsonPrefix(text: string, maxBytes: number): number {
  // Most output is plain ASCII up to its end: one search then replaces a look at each character.
  const special = text.search(NOT_ONE_BYTE);
  if (special === -1 || special >= maxBytes) return Math.min(text.length, maxBytes);
  let bytes = special;
  let index = special;
  while (index < text.length) {
    const code = text.charCodeAt(index);
    const pair = code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(index + 1) & 0xfc00) === 0xdc00;
    bytes += pair ? 4 : jsonBytes(code);
    if (bytes > maxBytes && index > 0) return index;
    index += pair ? 2 : 1;
  }
  return index;
}

function jsonBytes(code: number): number {
  if (code >= 0x80) return code < 0x800 ? 2 : (code & 0xf800) === 0xd800 ? 6 : 3;
  if (code === 0x22 || code === 0x5c) return 2;
  if (code >= 0x20) return 1;
  // \b \t \n \f \r have a short form, the other control characters are \u00XX.
  return code >= 0x08 && code <= 0x0d && code !== 0x0b ? 2 : 6;
}
