import { wrap } from '../terminal.ts';

/** Width of the summary as text. */
export const COLUMNS = 80;

/** {@link wrap} over the width of the summary; further lines are set in, so that none can look like a line of its own. */
export function hanging(text: string, maxLines: number): string[] {
  return wrap(text, COLUMNS - 2, maxLines).map((line, index) => (index === 0 ? line : `  ${line}`));
}
