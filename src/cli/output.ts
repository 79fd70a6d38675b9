/** The only writer to stdout. What is printed to it is the command's result; everything else goes to stderr. */

/** What to do when the reader of stdout has gone (`| head`): it has what it wanted, so that is no error. */
let afterClose: 'exit' | 'ignore' = 'exit';
let closed = false;
/** The reader of a pipe has ended, or the terminal was closed. */
const GONE = ['EPIPE', 'EIO'];

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (!GONE.includes(error.code ?? '')) throw error;
  closed = true;
  if (afterClose === 'exit') process.exit(0);
});
process.stderr.on('error', (error: NodeJS.ErrnoException) => {
  if (!GONE.includes(error.code ?? '')) throw error;
});

/** A run goes on when nobody reads its output any more. */
export function keepRunningWithoutReader(): void {
  afterClose = 'ignore';
}

/** Writes text as it is; resolves when more may be written. */
export async function write(text: string): Promise<void> {
  if (closed || text === '') return;
  if (process.stdout.write(text)) return;
  await new Promise<void>((resolve) => {
    const done = (): void => {
      process.stdout.off('drain', done).off('close', done).off('error', done);
      resolve();
    };
    process.stdout.on('drain', done).on('close', done).on('error', done);
  });
}

/** Writes lines, each ended by a newline. */
export async function print(...lines: readonly string[]): Promise<void> {
  await write(lines.map((line) => `${line}\n`).join(''));
}

/** A line beside the result, such as a warning. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The terminal's columns, at most `most`; 80 where there is no terminal. */
export function columnsOf(stream: { isTTY?: boolean; columns?: number }, most: number = Number.MAX_SAFE_INTEGER): number {
  const columns = stream.isTTY === true && (stream.columns ?? 0) > 0 ? (stream.columns ?? 80) : 80;
  return Math.min(columns, most);
}
