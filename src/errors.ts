/**
 * The catalogue of user-facing errors. Each has a stable code, a sentence that names the culprit and its value, a fix to
 * type or to change, and the exit code of the command that meets it. Areas keep their entries in `errors/<area>.ts`.
 */
import { archiveErrors } from './errors/archive.ts';
import { cassetteErrors } from './errors/cassette.ts';
import { catalogErrors } from './errors/catalog.ts';
import { chatdevErrors } from './errors/chatdev.ts';
import { cliErrors } from './errors/cli.ts';
import { configErrors } from './errors/config.ts';
import { execErrors } from './errors/exec.ts';
import { logErrors } from './errors/log.ts';
import { meterErrors } from './errors/meter.ts';
import { reconcileErrors } from './errors/reconcile.ts';
import { rehearsalErrors } from './errors/rehearsal.ts';
import { runErrors } from './errors/run.ts';
import { setupErrors } from './errors/setup.ts';
import { storeErrors } from './errors/store.ts';
import { summaryErrors } from './errors/summary.ts';
import { validateErrors } from './errors/validate.ts';

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

const catalogue = {
  ...archiveErrors,
  ...cassetteErrors,
  ...catalogErrors,
  ...chatdevErrors,
  ...cliErrors,
  ...configErrors,
  ...execErrors,
  ...logErrors,
  ...meterErrors,
  ...reconcileErrors,
  ...rehearsalErrors,
  ...runErrors,
  ...setupErrors,
  ...storeErrors,
  ...summaryErrors,
  ...validateErrors,
};

export type ErrorCode = keyof typeof catalogue;
type Facts<C extends ErrorCode> = Parameters<(typeof catalogue)[C]>[0];

/** An error meant for the person at the keyboard: print `message`, then `fix`; exit with `exitCode`. */
export class StepwellError extends Error {
  override readonly name = 'StepwellError';
  readonly code: ErrorCode;
  readonly fix: string;
  readonly exitCode: number;

  constructor(code: ErrorCode, entry: { sentence: string; fix: string; exitCode: number }, options?: ErrorOptions) {
    super(entry.sentence, options);
    this.code = code;
    this.fix = entry.fix;
    this.exitCode = entry.exitCode;
  }
}

/**
 * Builds the error of the catalogue for `code`.
 *
 * @example throw stepwellError('RUN_NOT_FOUND', { wanted: 'k3f9', runsDir: 'runs' });
 */
export function stepwellError<C extends ErrorCode>(code: C, facts: Facts<C>, options?: ErrorOptions): StepwellError {
  const describe = catalogue[code] as (facts: Facts<C>) => { sentence: string; fix: string; exitCode: number };
  return new StepwellError(code, describe(facts), options);
}
