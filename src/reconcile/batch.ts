/** The runs that a command is about, one after another, oldest first. */
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
 * Reads the provider's figures of one run, or of every run for which something is still awaited, and records what they say.
 * Trouble with one run is its result and keeps no other from being read.
 *
 * @throws CONFIG_INVALID, RECONCILE_NO_FRAMEWORK, RECONCILE_ARCHIVE, and what naming a run can throw
 * @example const { results } = await reconcileRuns({ runsDir: 'runs', framework: 'baes' });
 */
export async function reconcileRuns(options: ReconcileOptions): Promise<ReconcileReport> {
  return { results: await reconcileRound(options, () => null) };
}

/**
 * One round over the chosen runs.
 *
 * @param knownResult the result of a run that is not to be looked at in this round, by its directory
 */
export async function reconcileRound(
  options: ReconcileOptions,
  knownResult: (runDir: string) => RunReconciliation | null,
): Promise<RunReconciliation[]> {
  const outer = settingOverrides(options);
  const chosen = await selectRuns(options);
  const now = options.now ?? (() => new Date());
  const cache: LedgerCache = new Map();
  const context: AttemptContext = { options, runs: chosen.all, cache, now, env: options.env ?? process.env };
  const statuses: { readonly run: CatalogRun; readonly standing: ReconciliationStatus }[] = [];
  const results = new Map<string, RunReconciliation>();
  const everything = chosen.named || options.force === true;
  for (const run of chosen.runs) {
    const known = knownResult(run.dir);
    if (known === null && !everything && (await isSettledOnDisk(run))) continue;
    if (known !== null) {
      results.set(run.dir, known);
      continue;
    }
    const standing = await repairDerived(await statusOrFailure(run, async () => await statusOf(run, outer, now())));
    if (isSelected(standing, everything)) statuses.push({ run, standing });
  }

  for (const [index, { run, standing }] of statuses.entries()) {
    if (options.signal?.aborted === true) break;
    const { framework, runId } = standing.result;
    options.onRun?.({ framework, runId, index: index + 1, total: statuses.length });
    const result =
      standing.kind === 'refused'
        ? standing.result
        : await attemptOrWait(standing, context, everything).catch((error: unknown) => failed(run, standing.result, error));
    results.set(run.dir, result);
    options.onResult?.(result);
  }
  return chosen.runs.flatMap(({ dir }) => results.get(dir) ?? []);
}

/**
 * Where the chosen runs stand. Nobody is asked and nothing is written.
 *
 * @throws CONFIG_INVALID, RECONCILE_NO_FRAMEWORK, RECONCILE_ARCHIVE, and what naming a run can throw
 */
export async function listReconciliations(options: ListOptions): Promise<RunReconciliation[]> {
  const outer = settingOverrides(options);
  const { runs, named } = await selectRuns(options);
  const now = (options.now ?? (() => new Date()))();
  const results: RunReconciliation[] = [];
  const everything = named || options.all;
  for (const run of runs) {
    if (!everything && (await isSettledOnDisk(run))) continue;
    const standing = await statusOrFailure(run, async () => await statusOf(run, outer, now));
    if (isSelected(standing, everything)) results.push(standing.result);
  }
  return results;
}

/** A settled run is left out, and so is one that can never be reconciled; one that cannot be yet is told of. */
function isSelected({ result }: ReconciliationStatus, all: boolean): boolean {
  return all || !result.settled;
}

async function attemptOrWait(ready: ReadyRun, context: AttemptContext, evenIfYoung: boolean): Promise<RunReconciliation> {
  const { result, settings, endedAt } = ready;
  const ageMinutes = (context.now().getTime() - endedAt) / 60_000;
  if (ageMinutes < settings.min_age_minutes && !evenIfYoung) {
    const reason = `The run ended ${Math.max(0, Math.floor(ageMinutes))} minutes ago; it is asked for from ${settings.min_age_minutes} minutes on.`;
    return { ...result, reason };
  }
  return await attemptRun(ready, context);
}

/** Does what an attempt that was cut off left undone. Its holder may be at work just now: then it does it itself. */
async function repairDerived(standing: ReconciliationStatus): Promise<ReconciliationStatus> {
  if (standing.kind !== 'ready' || !standing.stale) return standing;
  const { run, result } = standing;
  try {
    await withFileLock(join(run.dir, RECONCILE_LOCK_FILE), async () => await updateDerived(run.dir), { waitMs: 0 });
  } catch (error) {
    if (error instanceof StepwellError && error.code === 'LOCK_HELD') return standing;
    return { kind: 'refused', result: { ...failed(run, result, error), settled: false } };
  }
  return standing;
}

/** The runs that are meant, and all that there are. */
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
  const there = all.filter(({ state }) => state !== 'missing');
  const runs = framework === undefined ? there : there.filter(({ dir }) => basename(dirname(dir)) === framework);
  if (framework !== undefined && runs.length === 0) {
    const known = [...new Set(there.map(({ dir }) => basename(dirname(dir))))].sort();
    throw reconcileError('RECONCILE_NO_FRAMEWORK', { framework, runsDir, known });
  }
  return { runs, all, named: false };
}

/** A run that cannot be looked at is a result like others. */
async function statusOrFailure(run: CatalogRun, check: () => Promise<ReconciliationStatus>): Promise<ReconciliationStatus> {
  try {
    return await check();
  } catch (error) {
    return { kind: 'refused', result: failed(run, skippedResult(run, 'pending', ''), error) };
  }
}

function failed(run: CatalogRun, result: RunReconciliation, error: unknown): RunReconciliation {
  const reason = messageOf(error);
  const fix = error instanceof StepwellError ? error.fix : `Look at the run with stepwell verify ${run.entry.run_id}.`;
  const code = error instanceof StepwellError ? error.code : null;
  return { ...result, action: 'failed', reason, code, fix, nextAttemptAt: null };
}
