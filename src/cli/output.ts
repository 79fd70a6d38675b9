/** The only writer to stdout. What is printed to it is the command's result; everything else goes to stderr. */

import { sanitizeLine } from '../terminal/sanitize.ts';
import { ExitCode } from '../errors/index.ts';
import { errnoOf } from '../store/errno.ts';
import { asTyped } from './called-as.ts';
import { reportFailure } from './failure.ts';
import { cliError } from './errors.ts';

/** Nothing more can be written to stdout. */
let closed = false;
/** A write failed for another reason than a reader that is gone, such as a full disk. */
let writeFailed = false;
let continuesWithoutOutput = false;

process.stdout.on('error', (error: Error) => {
  const isFirst = !closed;
  closed = true;
  // A reader that has gone (`| head`) has what it wanted, and a terminal that was closed shows nothing: neither is an error.
  const isReaderGone = errnoOf(error) === 'EPIPE' || (errnoOf(error) === 'EIO' && process.stdout.isTTY);
  writeFailed ||= !isReaderGone;
  if (writeFailed && isFirst) reportFailure(cliError('STDOUT_WRITE_FAILED', { reason: error.message }, { cause: error }));
  if (!continuesWithoutOutput) process.exit(writeFailed ? ExitCode.failure : ExitCode.ok);
});
process.stderr.on('error', () => {
  // There is nowhere left to report it. The command continues, and its exit code tells how it ended.
});

/** For `run`: a closed or failing stdout does not end the process. */
export function continueWithoutOutput(): void {
  continuesWithoutOutput = true;
}

/** Whether some of the output could not be written, although its reader was still there. */
export function didOutputFail(): boolean {
  return writeFailed;
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

/** A line beside the result, such as a warning. What it quotes cannot steer the terminal. */
export function note(line: string): void {
  process.stderr.write(`${sanitizeLine(asTyped(line))}\n`);
}

/** The terminal's columns, at most `most`; 80 where there is no terminal. */
export function columnsOf(stream: { isTTY?: boolean; columns?: number }, most: number = Number.MAX_SAFE_INTEGER): number {
  const columns = stream.isTTY === true && (stream.columns ?? 0) > 0 ? (stream.columns ?? 80) : 80;
  return Math.min(columns, most);
}
