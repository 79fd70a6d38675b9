/**
 * Removes terminal escape sequences from a text that arrives in chunks: CSI (colors, cursor), OSC (titles, links), the other
 * string commands, and short ones such as ESC ( B. What only begins like a sequence stays as it is: nothing else is lost.
 */
import type { TextFilter } from './program.ts';

/** A longer string command is kept as text: a sequence that never ends must not swallow the output after it. */
const MAX_STRING_LENGTH = 4096;

const CSI = String.raw`(?:\x1b\[|\x9b)[0-?]*[ -/]*`;
const STRING = String.raw`(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x06\x07\x0a-\x1f\x9c]{0,${MAX_STRING_LENGTH}}`;
const SHORT = String.raw`\x1b[ -/]*`;

const COMPLETE = new RegExp(String.raw`${CSI}[@-~]|${STRING}(?:\x07|\x1b\\|\x9c)|\x1b[ -/]+[0-~]|\x1b[0-OQ-WYZ\\\x60-~]`, 'y');
/** What could still become complete with more text. */
const INCOMPLETE = new RegExp(String.raw`(?:${CSI}|${STRING}\x1b?|${SHORT})$`, 'y');
const STARTS = new RegExp(String.raw`[\x1b\x90\x98\x9b\x9d-\x9f]`, 'g');
const MAX_BUFFERED = MAX_STRING_LENGTH + 3;

export function createEscapeFilter(): TextFilter {
  let buffered = '';

  function push(chunk: string): string {
    const text = buffered + chunk;
    buffered = '';
    let kept = '';
    let from = 0;
    STARTS.lastIndex = 0;
    for (let start = STARTS.exec(text); start !== null; start = STARTS.exec(text)) {
      COMPLETE.lastIndex = INCOMPLETE.lastIndex = start.index;
      if (COMPLETE.test(text)) {
        kept += text.slice(from, start.index);
        from = STARTS.lastIndex = COMPLETE.lastIndex;
      } else if (text.length - start.index <= MAX_BUFFERED && INCOMPLETE.test(text)) {
        buffered = text.slice(start.index);
        return kept + text.slice(from, start.index);
      }
    }
    return from === 0 ? text : kept + text.slice(from);
  }

  return {
    push,
    end() {
      const rest = buffered;
      buffered = '';
      return rest;
    },
  };
}
