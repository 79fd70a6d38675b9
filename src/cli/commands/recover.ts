/** `stepwell recover`: records of runs whose process is gone are finished. */
import { findRun } from '../../catalog/index.ts';
import { ExitCode, messageOf } from '../../errors/index.ts';
import { recoverAll, recoverRun, type Recovery } from '../../experiment/index.ts';
import { pluralize } from '../../format/index.ts';
import { sanitizeJson, sanitizeLine } from '../../terminal/index.ts';
import { failureFacts } from '../failure.ts';
import { note, print } from '../output.ts';
import { runsDirOf, type CommonOptions } from '../runs-dir.ts';
import { cliError } from '../errors.ts';
import { storeError } from '../../store/index.ts';

interface RecoverOptions extends CommonOptions {
  readonly all?: boolean;
  readonly force?: boolean;
  readonly json?: boolean;
}

export async function run([name]: readonly string[], options: RecoverOptions): Promise<number> {
  if (name === undefined && options.all !== true) throw cliError('MISSING_ARGUMENT', {});
  if (name !== undefined && options.all === true) {
    const problem = "a run cannot be used with option '--all'";
    throw cliError('COMMAND_LINE_INVALID', { problem, command: 'recover' });
  }
  const runsDir = runsDirOf(options);
  const force = options.force === true;
  const recoveries: readonly Outcome[] =
    name === undefined ? await recoverAll(runsDir, { force }) : [await recoverNamed(runsDir, name, force)];
  for (const recovery of recoveries) {
    if (options.json === true) {
      const { runId: run_id, runDir: run_dir, ...rest } = recovery;
      const failure = rest.outcome === 'failed' ? failureFacts(rest.error) : null;
      const error = failure === null ? {} : { error: failure.message, code: failure.code, fix: failure.fix };
      await print(sanitizeJson({ run_id, run_dir, ...rest, ...error }));
    } else await print(...wordsOf(recovery));
  }
  if (recoveries.length === 0 && options.json !== true) note('No run needs recovery.');
  const lacking = recoveries.some(
    (recovery) => recovery.outcome === 'failed' || (recovery.outcome === 'recovered' && recovery.record === 'incomplete'),
  );
  return lacking ? ExitCode.failure : ExitCode.ok;
}

type Outcome = Awaited<ReturnType<typeof recoverAll>>[number];

/** @throws RUN_LIVE, RUN_OWNED_BY_OTHER_HOST: what was asked for cannot be done */
async function recoverNamed(runsDir: string, name: string, force: boolean): Promise<Recovery> {
  const found = await findRun(runsDir, name);
  if (found.kind === 'archive') {
    throw storeError('NOT_A_RUN', {
      path: found.archive,
      reason: 'an archive is sealed already, so there is nothing to recover',
    });
  }
  const recovery = await recoverRun(found.dir, { force });
  if (recovery.outcome === 'live') throw storeError('RUN_LIVE', recovery);
  if (recovery.outcome === 'foreign_host') throw storeError('RUN_OWNED_BY_OTHER_HOST', recovery);
  return recovery;
}

function wordsOf(recovery: Outcome): string[] {
  const run = sanitizeLine(recovery.runId);
  switch (recovery.outcome) {
    case 'nothing_to_do':
      return [`${run}: nothing to do, its record is complete`];
    case 'live':
      return [`${run}: skipped, process ${recovery.pid} is writing it`];
    case 'foreign_host':
      return [`${run}: skipped, it belongs to host ${sanitizeLine(recovery.host)}; use --force to recover it anyway`];
    case 'recovered': {
      const killed =
        recovery.killed.length === 0 ? '' : `; ended ${pluralize(recovery.killed.length, 'process', 'processes')} still running`;
      return [
        `${run}: recovered, status ${recovery.status}, record ${recovery.record}${killed}`,
        ...recovery.problems.map((problem) => `  ${sanitizeLine(problem)}`),
      ];
    }
    case 'failed':
      return [`${run}: could not be recovered: ${sanitizeLine(messageOf(recovery.error))}`];
    default:
      return recovery satisfies never;
  }
}
