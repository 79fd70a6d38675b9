/** Text measured in the columns that it takes on a screen. Colors take none. */
import widthOf from 'string-width';

export { widthOf };

const GRAPHEMES = new Intl.Segmenter();

/** Cuts to `columns`, marking the cut. */
export function cut(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let shown = '';
  let width = 0;
  for (const { segment } of GRAPHEMES.segment(text)) {
    width += widthOf(segment);
    if (width > columns - 1) break;
    shown += segment;
  }
  return columns < 1 ? '' : `${shown}…`;
}

/** Fills with blanks up to `columns`. */
export function pad(text: string, columns: number, side: 'left' | 'right' = 'right'): string {
  const blanks = ' '.repeat(Math.max(0, columns - widthOf(text)));
  return side === 'left' ? blanks + text : text + blanks;
}
