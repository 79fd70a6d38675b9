/** One attempt: ask the provider, record the raw answer, decide the verdict, and update the derived files. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogRun } from '../catalog/index.ts';
import { StepwellError } from '../errors/index.ts';
import { flushRun, runRedactor, syncRun, withRun } from '../log/index.ts';
import { collectSecrets } from '../secrets/index.ts';
import type { ReconciliationAttempt, ReconciliationSummary, UsageFilter } from '../schema/index.ts';
import { CONFIG_FILE, LOGS_DIR, RECONCILE_LOCK_FILE, RECONCILIATION_LOG, withFileLock } from '../store/index.ts';
import { usageApiAccess, accountKey, ADMIN_KEY_VARIABLES, type Access } from './access.ts';
import { queryUsage, missingAccess, type UsageRequest, type Failure } from './query.ts';
import { readAttempts } from './records.ts';
import { isSettled, verdictOf, type Verdict } from './verdict/verdict.ts';
import { canBeBilledBy, type RunUsageApi } from './ledger.ts';
import { findOverlappingRuns, type LedgerCache, type OverlappingRuns } from './minutes/overlapping-runs.ts';
import type { ReconcileOptions, RunReconciliation } from './options.ts';
import { recordAttempt } from './records.ts';
import { readRunConfig, recordedSettings } from './settings.ts';
import { nextAttemptAt, type ReadyRun } from './status.ts';
import { updateDerived } from './derived.ts';
import { windowOf, toUsageWindow } from './minutes/window.ts';
import { reconcileError } from './errors.ts';

export interface AttemptContext {
  readonly options: ReconcileOptions;
  /** All runs of the runs directory, to find the ones that overlap. */
  readonly runs: readonly CatalogRun[];
  readonly cache: LedgerCache;
  readonly now: () => Date;
  readonly env: NodeJS.ProcessEnv;
}

const LOCK_WAIT_MS = 2_000;
const RETRY_MINUTES = 10;

/**
 * Reads the provider's figures for one run and records the result.
 *
 * @throws RECONCILE_NOT_RECORDED, METADATA_MISSING, INDEX_TOO_NEW, LOCK_HELD (of the index)
 */
export async function attemptRun(ready: ReadyRun, context: AttemptContext): Promise<RunReconciliation> {
  const { result } = ready;
  const { now } = context;
  const usageApi = withFilterOverrides(ready.usageApi, context.options);
  const calls = ready.ledger.calls.filter((call) => canBeBilledBy(usageApi.provider, call));
  const window = windowOf({ ...ready.ledger, calls });
  if (window === null) return { ...result, reason: 'No time of the run is recorded, so there is nothing to ask for.' };

  const account = accountKey(ready.config, result.framework, context.env);
  const isSameAccount = async ({ dir, entry }: CatalogRun): Promise<boolean> => {
    const config = await readRunConfig(dir).catch(() => null);
    return config === null || accountKey(config, entry.framework, context.env) === account;
  };
  const self = { dir: result.runDir, window, usageApi, isSameAccount };
  const overlapping = await findOverlappingRuns(self, context.runs, context.cache);
  const blocked = blockedBy(overlapping, result, now());
  if (blocked !== null) return blocked;
  const { end } = overlapping.joint.minutes;
  if (end > now().getTime()) {
    const reason = 'The last minute with calls of this run is not over yet.';
    return { ...result, reason, nextAttemptAt: new Date(Math.max(end, Date.parse(result.nextAttemptAt ?? '0'))).toISOString() };
  }
  const access = usageApiAccess(ready.config, result.framework, usageApi.provider, context.env);
  const adminKey = access.status === 'ok' ? [access.adminKey] : [];
  const scope = {
    runId: result.runId,
    framework: result.framework,
    logsDir: join(result.runDir, LOGS_DIR),
    secrets: [...adminKey, ...(await secretsOf(result.runDir, context.env))],
  };
  const request: UsageRequest = { usageApi, window, overlapping };
  try {
    return await withFileLock(
      join(result.runDir, RECONCILE_LOCK_FILE),
      async () => await withRun(scope, async () => await runAttempt(ready, context, request, access)),
      { waitMs: LOCK_WAIT_MS },
    );
  } catch (error) {
    if (!(error instanceof StepwellError) || error.code !== 'LOCK_HELD' || !error.message.includes(RECONCILE_LOCK_FILE))
      throw error;
    return { ...result, reason: 'Another process is reconciling this run.' };
  }
}

/** Call it while holding the lock, in the run's log scope. */
async function runAttempt(
  ready: ReadyRun,
  context: AttemptContext,
  request: UsageRequest,
  access: Access,
): Promise<RunReconciliation> {
  const { run, settings, result } = ready;
  const { usageApi, window } = request;
  const { now } = context;
  const { attempts: earlier, nextNumber } = await readAttempts(run.dir);
  const queryResult =
    access.status === 'ok'
      ? await queryUsage(ready, request, { ...context, access, attempt: nextNumber })
      : missingAccess(access);
  const { failure, outcome, steps } = queryResult;

  const filter = recordedFilter(usageApi);
  const query = { provider: usageApi.provider, filter, window: toUsageWindow(window) };
  const ageHours = (now().getTime() - ready.endedAt) / 3_600_000;
  const { counts, ...verdict }: Verdict = verdictOf({ earlier, query, outcome, settings, ageHours });
  const attempt: ReconciliationAttempt = {
    attempt: nextNumber,
    state: verdict.state,
    reason: verdict.reason,
    ...query,
    settings: recordedSettings(settings),
    reading: outcome.kind === 'reading' ? outcome.reading : null,
    equal_readings: verdict.equal_readings,
    first_equal_at: verdict.first_equal_at,
    verified_at: verdict.verified_at,
    comparison: verdict.comparison,
    steps: counts && verdict.comparison !== null ? steps : [],
    waiting_ended: verdict.waiting_ended,
  };
  recordAttempt(attempt);
  flushRun();
  if (!syncRun()) throw reconcileError('RECONCILE_NOT_RECORDED', { file: join(run.dir, RECONCILIATION_LOG) });
  const summary = await updateDerived(run.dir);
  return toResult(result, attempt, summary, {
    failure,
    retryAt: ageHours > settings.max_age_hours ? null : new Date(now().getTime() + RETRY_MINUTES * 60_000).toISOString(),
    nextAt: () =>
      nextAttemptAt({
        settings,
        attempts: [...earlier, attempt],
        minAgeReachedAt: ready.endedAt + settings.min_age_minutes * 60_000,
      }),
  });
}

function withFilterOverrides(usageApi: RunUsageApi, { apiKeyId, projectId, workspaceId }: ReconcileOptions): RunUsageApi {
  return {
    provider: usageApi.provider,
    api_key_id: apiKeyId ?? usageApi.api_key_id,
    project_id: projectId ?? usageApi.project_id,
    workspace_id: workspaceId ?? usageApi.workspace_id,
  };
}

/** As the log shows it: an id that is also the value of a secret variable is masked there. */
function recordedFilter({ api_key_id, project_id, workspace_id }: RunUsageApi): UsageFilter {
  const { redact } = runRedactor();
  const shown = (id: string | null): string | null => (id === null ? null : redact(id));
  return { api_key_id: shown(api_key_id), project_id: shown(project_id), workspace_id: shown(workspace_id) };
}

/** An overlapping run must be finished first; until then, its share of the figures is unknown. */
function blockedBy({ unfinished }: OverlappingRuns, result: RunReconciliation, now: Date): RunReconciliation | null {
  const [first] = unfinished;
  if (first === undefined) return null;
  const crashed = unfinished.find(({ state }) => state === 'crashed');
  const { entry } = crashed ?? first;
  const name = `${entry.framework}/${entry.run_id}`;
  if (crashed !== undefined) {
    const reason = `It may share minutes with ${name}, whose process ended without finishing its record.`;
    return { ...result, reason, fix: `Finish that record with \`stepwell recover ${name}\`.`, nextAttemptAt: null };
  }
  const reason = `It may share minutes with ${name}, which is still running.`;
  return { ...result, reason, nextAttemptAt: new Date(now.getTime() + RETRY_MINUTES * 60_000).toISOString() };
}

/** Secrets of the environment, and those that the run's configuration refers to. */
async function secretsOf(runDir: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const config = await readFile(join(runDir, CONFIG_FILE), 'utf8').catch(() => '');
  const referred = Array.from(config.matchAll(/(?:api|admin)_key: .*?\$\{(\w+)\}/g), ([, name]) => name ?? '');
  return collectSecrets(env, [...referred, ...Object.values(ADMIN_KEY_VARIABLES).flat()]);
}

function toResult(
  result: RunReconciliation,
  attempt: ReconciliationAttempt,
  summary: ReconciliationSummary | null,
  query: {
    readonly failure: Failure | null;
    /** Null when the run is past its maximum age. */
    readonly retryAt: string | null;
    readonly nextAt: () => string;
  },
): RunReconciliation {
  const settled = isSettled(attempt.state) || attempt.waiting_ended;
  const { failure, retryAt } = query;
  return {
    ...result,
    action: failure === null ? 'read' : 'failed',
    state: attempt.state,
    reason: attempt.reason,
    fix: failure?.fix ?? null,
    summary,
    settled,
    nextAttemptAt: settled ? null : failure === null ? query.nextAt() : failure.retryable ? retryAt : null,
  };
}
