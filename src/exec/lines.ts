/**
 * Splits decoded text into lines at \n, \r\n and a bare \r, so that each state of a progress display is a line of its own.
 * A line too long for a log record comes in parts; nothing is cut.
 */

/** JSON bytes of one line's text; with the rest of its record this stays under 256 KiB. */
const MAX_PART_BYTES = 248 * 1024;

export interface LinePart {
  readonly text: string;
  readonly part?: number;
  readonly lastPart?: boolean;
}

export interface OutputLineSplitter {
  push(text: string): void;
  /** Delivers a last line that has no end of line. */
  end(): void;
  /** Whole lines delivered. */
  readonly count: number;
}

export function createOutputLineSplitter(emit: (line: LinePart) => void, maxBytes: number = MAX_PART_BYTES): OutputLineSplitter {
  let buffered = '';
  let part = 0;
  let afterCarriageReturn = false;
  let count = 0;

  /** Delivers parts of `held` while it is certain that more of the line follows them. */
  function deliverParts(): void {
    if (buffered.length * 6 <= maxBytes) return;
    for (let cut = jsonPrefixLength(buffered, maxBytes); cut < buffered.length; cut = jsonPrefixLength(buffered, maxBytes)) {
      part += 1;
      emit({ text: buffered.slice(0, cut), part, lastPart: false });
      buffered = buffered.slice(cut);
    }
  }

  function deliverLine(): void {
    deliverParts();
    emit(part === 0 ? { text: buffered } : { text: buffered, part: part + 1, lastPart: true });
    buffered = '';
    part = 0;
    count += 1;
  }

  return {
    push(text) {
      let start = afterCarriageReturn && text.startsWith('\n') ? 1 : 0;
      if (text !== '') afterCarriageReturn = false;
      let feed = text.indexOf('\n', start);
      let carriageReturn = text.indexOf('\r', start);
      while (feed !== -1 || carriageReturn !== -1) {
        const end = feed === -1 || (carriageReturn !== -1 && carriageReturn < feed) ? carriageReturn : feed;
        buffered += text.slice(start, end);
        deliverLine();
        start = end + 1;
        if (end === carriageReturn) {
          if (start === text.length) afterCarriageReturn = true;
          else if (start === feed) start += 1;
          carriageReturn = text.indexOf('\r', start);
        }
        if (feed !== -1 && feed < start) feed = text.indexOf('\n', start);
      }
      if (start < text.length) {
        buffered += start === 0 ? text : text.slice(start);
        if (buffered.length > maxBytes) deliverParts();
      }
    },
    end() {
      if (buffered !== '' || part > 0) deliverLine();
    },
    get count() {
      return count;
    },
  };
}

/** A character that takes more than one byte in a JSON string. */
const NOT_ONE_BYTE = /[^ !#-[\]-~]/;

/**
 * The length of the longest prefix of `text` whose JSON string form has at most `maxBytes` bytes in UTF-8, without its quotes.
 * A surrogate pair is never divided. At least one character, so that a caller always gets on.
 */
function jsonPrefixLength(text: string, maxBytes: number): number {
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
