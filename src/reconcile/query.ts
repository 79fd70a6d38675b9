/** Queries the provider and interprets its answer for one run. */
import { captureScope, runRedactor } from '../log/index.ts';
import type { ReconciliationAttempt, RunSummary } from '../schema/index.ts';
import { openRunDirectory } from '../store/index.ts';
import { foldRun } from '../summary/index.ts';
import type { Access } from './access.ts';
import { openUsageApi } from './api/open.ts';
import type { UsageAnswer, UsageApi } from './api/usage-api.ts';
import { truncateReading, truncateSteps } from './verdict/truncation.ts';
import type { Outcome } from './verdict/verdict.ts';
import { canBeBilledBy, filterOf, type RunUsageApi } from './ledger.ts';
import type { OverlappingRuns } from './minutes/overlapping-runs.ts';
import type { ReconcileOptions } from './options.ts';
import { providerMinutes, readingOf, sharedMinutes } from './minutes/reading.ts';
import { recordPage } from './records.ts';
import type { ReadyRun } from './status.ts';
import { stepResolutions } from './minutes/steps.ts';
import { compareReading } from './verdict/comparison.ts';
import type { MinuteRange } from './minutes/window.ts';

/** What to ask for, and the runs that overlap. */
export interface UsageRequest {
  readonly usageApi: RunUsageApi;
  readonly window: MinuteRange;
  readonly overlapping: OverlappingRuns;
}

/** How the query ended. */
interface QueryResult {
  readonly failure: Failure | null;
  readonly outcome: Outcome;
  readonly steps: ReconciliationAttempt['steps'];
}

export type Failure = Extract<UsageAnswer, { status: 'failed' }>;

/** Without a key no request is made; the attempt counts as failed. */
export function missingAccess({ reason, fix }: Extract<Access, { status: 'missing' }>): QueryResult {
  return failedResult({ status: 'failed', reason, fix, retryable: false });
}

function failedResult(failure: Failure): QueryResult {
  return { failure, outcome: { kind: 'failed', reason: failure.reason }, steps: [] };
}

/** Sends the requests and records every raw answer. Call it in the run's log scope. */
export async function queryUsage(
  ready: ReadyRun,
  request: UsageRequest,
  context: {
    readonly access: Extract<Access, { status: 'ok' }>;
    /** Its number, for the records. */
    readonly attempt: number;
    readonly options: ReconcileOptions;
    readonly now: () => Date;
  },
): Promise<QueryResult> {
  const { fetch, wait, signal } = context.options;
  const inScope = captureScope();
  const api = openUsageApi({
    provider: request.usageApi.provider,
    baseUrl: context.access.baseUrl,
    adminKey: context.access.adminKey,
    redact: runRedactor().redact,
    fetch,
    wait,
    now: context.now,
    onResponse: (page) => inScope(() => recordPage(context.attempt, page)),
  });
  const answer = await fetchUsage(api, request, signal);
  if (answer.status === 'failed') return failedResult(answer);
  await using source = await openRunDirectory(ready.run.dir);
  const summary = await foldRun(source);
  return { failure: null, ...(await interpretAnswer(ready, summary, request, answer, api, signal)) };
}

/** An interruption counts as a failed answer, so the attempt is recorded together with the pages received so far. */
async function fetchUsage(
  api: UsageApi,
  { usageApi, overlapping }: UsageRequest,
  signal: AbortSignal | undefined,
): Promise<UsageAnswer> {
  const { start, end } = overlapping.joint.minutes;
  try {
    return await api.fetchUsage({ start: new Date(start), end: new Date(end), filter: filterOf(usageApi), signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    return { status: 'failed', reason: 'The attempt was interrupted.', fix: 'Reconcile again.', retryable: true };
  }
}

/** Derives the reading, the comparison and the steps from an answer. */
async function interpretAnswer(
  { ledger, settings }: ReadyRun,
  summary: RunSummary,
  { usageApi, window, overlapping: { joint, unreadable } }: UsageRequest,
  { buckets, fetchedAt }: Extract<UsageAnswer, { status: 'ok' }>,
  api: UsageApi,
  signal: AbortSignal | undefined,
): Promise<Omit<QueryResult, 'failure'>> {
  const { provider } = usageApi;
  const filter = filterOf(usageApi);
  // Costs are only shown and do not affect the verdict. A failure to fetch them is visible in the log.
  const costs = await api
    .fetchCosts({ start: new Date(window.start), end: new Date(window.end), filter, signal })
    .catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
      return null;
    });
  const cost = costs?.status === 'ok' && costs.usd !== null ? { usd: costs.usd, start: costs.start, end: costs.end } : null;
  const sharedStarts = sharedMinutes(joint, buckets, filter.api_key_id !== null);
  const reading = truncateReading(readingOf({ fetchedAt, buckets, window, joint, sharedStarts, cost }));
  const minutes = providerMinutes(buckets);
  const calls = ledger.calls.filter((call) => canBeBilledBy(provider, call));
  const keys = new Set(buckets.flatMap(({ rows }) => rows.flatMap(({ api_key_id }) => api_key_id ?? [])));
  const comparison = compareReading({
    provider,
    figures: minutes.sum(() => true),
    apiKeys: keys.size === 0 ? null : keys.size,
    summary,
    calls,
    unbillable: ledger.calls.filter((call) => !canBeBilledBy(provider, call)),
    shared: joint.shared,
    unreadable,
    thresholdPercent: settings.threshold_percent,
  });
  const steps = summary.steps.filter(({ status }) => status !== 'not_reached').map(({ step }) => step);
  const run = { calls, endedAt: ledger.endedAt };
  return {
    outcome: { kind: 'reading', reading, comparison },
    steps: truncateSteps(stepResolutions(steps, run, sharedStarts, minutes)),
  };
}
