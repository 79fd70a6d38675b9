/** As much of a terminal as the live display needs: what a person would see after some output. */
export interface TerminalState {
  readonly lines: string[];
  readonly cursorVisible: boolean;
  /** The longest line that was ever written. */
  readonly widest: number;
}

/** Plays output on a terminal of endless height. @throws on an escape sequence that it does not know */
export function play(output: string): TerminalState {
  const lines: string[] = [''];
  let [row, column, cursorVisible, widest] = [0, 0, true, 0];
  // eslint-disable-next-line no-control-regex
  for (const [token, argument = '', final] of output.matchAll(/\u001b\[(\??[0-9;]*)([A-Za-z])|\r|\n|[^\u001b\r\n]+/g)) {
    const escape = final !== undefined;
    if (!escape) {
      if (token === '\r') column = 0;
      else if (token === '\n') {
        row += 1;
        column = 0;
        lines[row] ??= '';
      } else {
        const line = (lines[row] ?? '').padEnd(column);
        lines[row] = line.slice(0, column) + token + line.slice(column + token.length);
        column += token.length;
        widest = Math.max(widest, column);
      }
    } else if (final === 'A') row = Math.max(0, row - Number(argument || 1));
    else if (final === 'K') lines[row] = (lines[row] ?? '').slice(0, column);
    else if (final === 'J') {
      lines[row] = (lines[row] ?? '').slice(0, column);
      lines.length = row + 1;
    } else if (argument === '?25') cursorVisible = final === 'h';
    else if (final !== 'm' && argument !== '?2026') throw new Error(`unknown escape ${JSON.stringify(token)}`);
  }
  return { lines: lines.map((line) => line.trimEnd()), cursorVisible, widest };
}
