/** Reconciles the selected runs one after another, oldest first. */
import { basename, dirname, join } from 'node:path';
import { findRun, listRuns, type CatalogRun } from '../catalog/index.ts';
import { messageOf, StepwellError } from '../errors/index.ts';
import { RECONCILE_LOCK_FILE, withFileLock } from '../store/index.ts';
import { attemptRun, type AttemptContext } from './attempt.ts';
import type { LedgerCache } from './minutes/overlapping-runs.ts';
import type { ListOptions, ReconcileOptions, ReconcileReport, RunSelection, RunReconciliation } from './options.ts';
import { settingOverrides } from './settings.ts';
import { isSettledOnDisk, skippedResult, statusOf, type ReadyRun, type ReconciliationStatus } from './status.ts';
import { updateDerived } from './derived.ts';
import { reconcileError } from './errors.ts';

/**
 * Reads the provider's figures for one run, or for every run that is not settled, and records the results. An error with one
 * run becomes that run's result; the other runs are still read.
 *
 * @throws CONFIG_INVALID, RECONCILE_NO_FRAMEWORK, RECONCILE_ARCHIVE, and the errors of `findRun`
 * @example const { results } = await reconcileRuns({ runsDir: 'runs', framework: 'baes' });
 */
export async function reconcileRuns(options: ReconcileOptions): Promise<ReconcileReport> {
  return { results: await reconcileRound(options, () => null) };
}

/**
 * One round over the selected runs.
 *
 * @param knownResult by run directory: the result of a run that this round can skip; null to check the run
 */
export async function reconcileRound(
  options: ReconcileOptions,
  knownResult: (runDir: string) => RunReconciliation | null,
): Promise<RunReconciliation[]> {
  const overrides = settingOverrides(options);
  const selected = await selectRuns(options);
  const now = options.now ?? (() => new Date());
  const cache: LedgerCache = new Map();
  const context: AttemptContext = { options, runs: selected.all, cache, now, env: options.env ?? process.env };
  const statuses: { readonly run: CatalogRun; readonly status: ReconciliationStatus }[] = [];
  const results = new Map<string, RunReconciliation>();
  const includeAll = selected.named || options.force === true;
  for (const run of selected.runs) {
    const known = knownResult(run.dir);
    if (known === null && !includeAll && (await isSettledOnDisk(run))) continue;
    if (known !== null) {
      results.set(run.dir, known);
      continue;
    }
    const status = await repairDerived(await statusOrFailure(run, async () => await statusOf(run, overrides, now())));
    if (isSelected(status, includeAll)) statuses.push({ run, status });
  }

  for (const [index, { run, status }] of statuses.entries()) {
    if (options.signal?.aborted === true) break;
    const { framework, runId } = status.result;
    options.onRun?.({ framework, runId, index: index + 1, total: statuses.length });
    const result =
      status.kind === 'not_ready'
        ? status.result
        : await attemptOrWait(status, context, includeAll).catch((error: unknown) => failed(run, status.result, error));
    results.set(run.dir, result);
    options.onResult?.(result);
  }
  return selected.runs.flatMap(({ dir }) => results.get(dir) ?? []);
}

/**
 * The reconciliation status of the selected runs. Makes no API calls and writes nothing.
 *
 * @throws CONFIG_INVALID, RECONCILE_NO_FRAMEWORK, RECONCILE_ARCHIVE, and the errors of `findRun`
 */
export async function listReconciliations(options: ListOptions): Promise<RunReconciliation[]> {
  const overrides = settingOverrides(options);
  const { runs, named } = await selectRuns(options);
  const now = (options.now ?? (() => new Date()))();
  const results: RunReconciliation[] = [];
  const includeAll = named || options.all;
  for (const run of runs) {
    if (!includeAll && (await isSettledOnDisk(run))) continue;
    const status = await statusOrFailure(run, async () => await statusOf(run, overrides, now));
    if (isSelected(status, includeAll)) results.push(status.result);
  }
  return results;
}

/** Leaves out settled runs and runs that can never be reconciled; a run that cannot be reconciled yet is listed. */
function isSelected({ result }: ReconciliationStatus, all: boolean): boolean {
  return all || !result.settled;
}

async function attemptOrWait(ready: ReadyRun, context: AttemptContext, evenIfYoung: boolean): Promise<RunReconciliation> {
  const { result, settings, endedAt } = ready;
  const ageMinutes = (context.now().getTime() - endedAt) / 60_000;
  if (ageMinutes < settings.min_age_minutes && !evenIfYoung) {
    const reason = `The run ended ${Math.max(0, Math.floor(ageMinutes))} minutes ago; the first reading is due ${settings.min_age_minutes} minutes after its end.`;
    return { ...result, reason };
  }
  return await attemptRun(ready, context);
}

/** Finishes what an interrupted attempt left undone. While another process holds the lock, that process does it. */
async function repairDerived(status: ReconciliationStatus): Promise<ReconciliationStatus> {
  if (status.kind !== 'ready' || !status.stale) return status;
  const { run, result } = status;
  try {
    await withFileLock(join(run.dir, RECONCILE_LOCK_FILE), async () => await updateDerived(run.dir), { waitMs: 0 });
  } catch (error) {
    if (error instanceof StepwellError && error.code === 'LOCK_HELD') return status;
    return { kind: 'not_ready', result: { ...failed(run, result, error), settled: false } };
  }
  return status;
}

/** The selected runs, and all runs of the runs directory. */
async function selectRuns({
  runsDir,
  framework,
  run: name,
}: RunSelection): Promise<{ runs: readonly CatalogRun[]; all: readonly CatalogRun[]; named: boolean }> {
  if (name !== undefined) {
    const found = await findRun(runsDir, framework === undefined ? name : `${framework}/${name}`);
    if (found.kind === 'archive') throw reconcileError('RECONCILE_ARCHIVE', { archive: found.archive });
    const { kind: _, ...run } = found;
    const { runs: all } = await listRuns(dirname(dirname(run.dir)));
    return { runs: [run], all, named: true };
  }
  const { runs: all } = await listRuns(runsDir);
  const present = all.filter(({ state }) => state !== 'missing');
  const runs = framework === undefined ? present : present.filter(({ dir }) => basename(dirname(dir)) === framework);
  if (framework !== undefined && runs.length === 0) {
    const known = [...new Set(present.map(({ dir }) => basename(dirname(dir))))].sort();
    throw reconcileError('RECONCILE_NO_FRAMEWORK', { framework, runsDir, known });
  }
  return { runs, all, named: false };
}

/** An error while checking a run becomes the run's result. */
async function statusOrFailure(run: CatalogRun, check: () => Promise<ReconciliationStatus>): Promise<ReconciliationStatus> {
  try {
    return await check();
  } catch (error) {
    return { kind: 'not_ready', result: failed(run, skippedResult(run, 'pending', ''), error) };
  }
}

function failed(run: CatalogRun, result: RunReconciliation, error: unknown): RunReconciliation {
  const reason = messageOf(error);
  const fix = error instanceof StepwellError ? error.fix : `Check the run with \`stepwell verify ${run.entry.run_id}\`.`;
  const code = error instanceof StepwellError ? error.code : null;
  return { ...result, action: 'failed', reason, code, fix, nextAttemptAt: null };
}
