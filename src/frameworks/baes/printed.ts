/** The end of what a program printed. Its answer is the last thing it says; of a flood before that, or without an end, nothing is kept. */
import type { OutputLine } from '../../exec.ts';

/** A hundred times a long answer. */
const KEPT_CHARACTERS = 4 * 1024 * 1024;

export interface Printed {
  /** Whole lines of stdout. */
  readonly lines: readonly string[];
  take(line: OutputLine): void;
}

export function printedEnd(kept: number = KEPT_CHARACTERS): Printed {
  const lines: string[] = [];
  let held = 0;
  return {
    lines,
    take({ stream, text, part }) {
      if (stream !== 'stdout') return;
      if (part !== undefined && part > 1) {
        lines.push(`${lines.pop() ?? ''}${text}`);
        held += text.length;
      } else {
        lines.push(text);
        // An empty line costs something, too.
        held += text.length + 1;
      }
      while (held > kept && lines.length > 0) held -= lines.shift()!.length + 1;
    },
  };
}
