/**
 * User-facing errors: the class and the form. Each area defines its own with `defineErrors`, in its `errors.ts` or in the one
 * file that raises them; `docs/errors.md` lists all of them. A code that a record can
 * hold is never renamed.
 */

export { currentDirectory } from './current-directory.ts';
export { docsPage } from './docs-page.ts';

/** What an exit code says, in the same words for every command. */
export const ExitCode = {
  ok: 0,
  /** The tool itself failed, or a record is incomplete. */
  failure: 1,
  /** Wrong usage or configuration: nothing was started, nothing was written. */
  usage: 2,
  /** `verify` found a difference, or `reconcile` a mismatch. */
  verification: 3,
  /** From `run` alone: a run did not succeed. Its record is complete. */
  runFailed: 4,
  hungUp: 129,
  interrupted: 130,
  terminated: 143,
} as const;

/** What the user reads of one error. */
export interface ErrorText {
  /** What, where, and the offending value. */
  readonly sentence: string;
  /** What to type or change. */
  readonly fix: string;
  /** One of docs/cli.md: 1 failure, 2 usage or configuration, 3 a difference that was found. */
  readonly exitCode: number;
}

/**
 * An error meant for the person at the keyboard: print `code`, `message`, then `fix`; exit with `exitCode`.
 *
 * @example
 * try {
 *   await findRun('runs', 'latest');
 * } catch (error) {
 *   if (!(error instanceof StepwellError) || error.code !== 'NO_RUNS') throw error;
 * }
 */
export class StepwellError extends Error {
  /** Always `StepwellError`: it tells the class where two copies of the package make `instanceof` false. */
  override readonly name = 'StepwellError';
  /** Such as `RUN_NOT_FOUND`; docs/errors.md lists all. `message` is its sentence. */
  readonly code: string;
  /** What to type or change. */
  readonly fix: string;
  /** With which the command line ends: 1 failure, 2 usage or configuration, 3 a difference that was found. */
  readonly exitCode: number;

  /** @param options the error that led to it, as `cause` */
  constructor(code: string, { sentence, fix, exitCode }: ErrorText, options?: ErrorOptions) {
    super(sentence, options);
    this.code = code;
    this.fix = fix;
    this.exitCode = exitCode;
  }
}

// Each error has facts of its own; they are checked where it is raised.
// oxlint-disable-next-line typescript/no-explicit-any
export type ErrorEntries = Readonly<Record<string, (facts: any) => ErrorText>>;

/**
 * The errors of an area, by code: each says how the facts of a case become a sentence and a fix.
 *
 * @example
 * const archiveError = defineErrors({
 *   ARCHIVE_SEALED: (facts: { archive: string }) => ({ sentence: `… ${facts.archive} …`, fix: '…', exitCode: ExitCode.failure }),
 * });
 * throw archiveError('ARCHIVE_SEALED', { archive });
 */
export function defineErrors<E extends ErrorEntries>(entries: E) {
  const create = <C extends keyof E & string>(code: C, facts: Parameters<E[C]>[0], options?: ErrorOptions): StepwellError =>
    // The two type parameters belong together, which the compiler cannot see through an index.
    new StepwellError(code, (entries[code] as (facts: Parameters<E[C]>[0]) => ErrorText)(facts), options);
  return Object.assign(create, { entries });
}

/**
 * What something thrown says of itself: its message, or else its text. Empty when its message is. Never throws, whatever its
 * getters do.
 */
export function messageOf(thrown: unknown): string {
  try {
    // Not only of an `Error`: an error of another realm, or a plain object with a message, says more than its text.
    const { message } = thrown as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // Null, undefined, or a getter that throws.
  }
  try {
    return String(thrown);
  } catch {
    return '[no text]';
  }
}
