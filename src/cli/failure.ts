/** From a thrown value to what the user reads and the exit code. */
import { ExitCode, messageOf, StepwellError } from '../errors/index.ts';
import { sanitize, sanitizeJson } from '../terminal/sanitize.ts';
import { asTyped } from './called-as.ts';

/** An error as programs read it. */
interface FailureFacts {
  /** See docs/errors.md; null of what was not foreseen. */
  readonly code: string | null;
  readonly message: string;
  readonly fix: string;
}

/** Causes deeper than this are left out; they may form a circle. */
const MAX_CAUSES = 8;

let asJson = false;

/** From now on errors are lines of JSON: the command was given `--json`. */
export function reportFailuresAsJson(): void {
  asJson = true;
}

/**
 * Writes the error to stderr, as `error[CODE]: …` and `fix: …` or as one line of JSON. The stack comes only with STEPWELL_DEBUG set.
 *
 * @returns the exit code
 */
export function reportFailure(thrown: unknown, env: NodeJS.ProcessEnv = process.env): number {
  const isDebug = (env['STEPWELL_DEBUG'] ?? '') !== '';
  const details = isDebug && thrown instanceof Error ? detailsOf(thrown) : null;
  process.stderr.write(asJson ? failureLine(thrown, details) : failureText(thrown, details));
  return exitCodeOf(thrown);
}

export function exitCodeOf(thrown: unknown): number {
  return thrown instanceof StepwellError ? thrown.exitCode : ExitCode.failure;
}

export function failureFacts(thrown: unknown): FailureFacts {
  if (thrown instanceof StepwellError) return { code: thrown.code, message: asTyped(thrown.message), fix: asTyped(thrown.fix) };
  return {
    code: null,
    message: messageOf(thrown) || 'The error has no message.',
    fix: 'This is a bug in stepwell or a problem of this machine, not of your input. Set STEPWELL_DEBUG=1 to see the stack trace.',
  };
}

function failureText(thrown: unknown, details: string | null): string {
  const { code, message, fix } = failureFacts(thrown);
  const heading = `error${code === null ? '' : `[${code}]`}: `;
  const parts = [`${heading}${message}`, `fix: ${fix}`, ...(details === null ? [] : [details])];
  return `${parts.map((part) => indented(sanitize(part))).join('\n')}\n`;
}

/** All lines but the first: what is quoted may hold any text, and must not pass for a `fix:` or for one more error. */
function indented(text: string): string {
  return text.replaceAll(/\n(?! {2}|\n|$)/g, '\n  ');
}

function failureLine(thrown: unknown, details: string | null): string {
  return `${sanitizeJson({ error: { ...failureFacts(thrown), ...(details === null ? {} : { stack: details }) } })}\n`;
}

/** The stack and those of its causes. Never throws, whatever the getters of what was thrown do. */
function detailsOf(thrown: unknown, depth = 0): string {
  if (!(thrown instanceof Error)) return messageOf(thrown);
  let stack: unknown;
  let cause: unknown;
  try {
    ({ stack, cause } = thrown);
  } catch {
    // What could be read of it is all that is known.
  }
  const own = typeof stack === 'string' ? stack : messageOf(thrown);
  return cause === undefined || depth >= MAX_CAUSES ? own : `${own}\ncaused by: ${detailsOf(cause, depth + 1)}`;
}
