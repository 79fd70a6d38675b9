/** From a thrown value to what the user reads and the exit code. */
import { ExitCode, StepwellError } from '../errors.ts';
import { sanitize } from '../terminal/sanitize.ts';

/** Writes `error: …` and `fix: …` to stderr. The stack comes only with STEPWELL_DEBUG set. */
export function reportFailure(thrown: unknown, env: NodeJS.ProcessEnv = process.env): number {
  const debug = (env['STEPWELL_DEBUG'] ?? '') !== '';
  const known = thrown instanceof StepwellError;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const fix = known
    ? thrown.fix
    : 'This is a fault of stepwell or of the machine, not of your input. STEPWELL_DEBUG=1 before the command shows where.';
  process.stderr.write(`${sanitize(`error: ${message}\nfix: ${fix}`)}\n`);
  if (debug && thrown instanceof Error) process.stderr.write(`${sanitize(detailsOf(thrown))}\n`);
  return known ? thrown.exitCode : ExitCode.failure;
}

function detailsOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by: ${detailsOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
