/** From asking the provider to what its answer says of a run. */
import { captureScope, runRedactor } from '../log/index.ts';
import type { ReconciliationAttempt, RunSummary } from '../schema/index.ts';
import { openRunDirectory } from '../store/index.ts';
import { foldRun } from '../summary/index.ts';
import type { Access } from './access.ts';
import { openUsageApi } from './api/open.ts';
import type { UsageAnswer, UsageApi } from './api/usage-api.ts';
import { boundedReading, boundedSteps } from './verdict/truncation.ts';
import type { Outcome } from './verdict/verdict.ts';
import { canBeBilledBy, filterOf, type RunUsageApi } from './ledger.ts';
import type { Surroundings } from './minutes/overlapping-runs.ts';
import type { ReconcileOptions } from './options.ts';
import { providerMinutes, readingOf, sharedMinutes } from './minutes/reading.ts';
import { recordPage } from './records.ts';
import type { Ready } from './status.ts';
import { stepResolutions } from './minutes/steps.ts';
import { weigh } from './verdict/comparison.ts';
import type { Minutes } from './minutes/window.ts';

/** What is asked, and in which surroundings. */
export interface Asked {
  readonly usageApi: RunUsageApi;
  readonly window: Minutes;
  readonly surroundings: Surroundings;
}

/** How asking ended. */
interface Answered {
  readonly failure: Failure | null;
  readonly outcome: Outcome;
  readonly steps: ReconciliationAttempt['steps'];
}

export type Failure = Extract<UsageAnswer, { status: 'failed' }>;

/** Without access nobody is asked; that is an attempt like any other that failed. */
export function refusedBy({ reason, fix }: Extract<Access, { status: 'missing' }>): Answered {
  return failedWith({ status: 'failed', reason, fix, retryable: false });
}

function failedWith(failure: Failure): Answered {
  return { failure, outcome: { kind: 'failed', reason: failure.reason }, steps: [] };
}

/** Asks, and records every answer as it comes. Call it in the run's log scope. */
export async function readUsage(
  ready: Ready,
  asked: Asked,
  it: {
    readonly access: Extract<Access, { status: 'ok' }>;
    /** Its number, for the records. */
    readonly attempt: number;
    readonly options: ReconcileOptions;
    readonly now: () => Date;
  },
): Promise<Answered> {
  const { fetch, wait, signal } = it.options;
  const inScope = captureScope();
  const api = openUsageApi({
    provider: asked.usageApi.provider,
    baseUrl: it.access.baseUrl,
    adminKey: it.access.adminKey,
    cover: runRedactor().redact,
    fetch,
    wait,
    now: it.now,
    onResponse: (page) => inScope(() => recordPage(it.attempt, page)),
  });
  const answer = await answerOf(api, asked, signal);
  if (answer.status === 'failed') return failedWith(answer);
  await using source = await openRunDirectory(ready.run.dir);
  const summary = await foldRun(source);
  return { failure: null, ...(await readingFor(ready, summary, asked, answer, api, signal)) };
}

/** An interruption is an answer too: what was received until then is recorded, and so is that nothing followed. */
async function answerOf(api: UsageApi, { usageApi, surroundings }: Asked, signal: AbortSignal | undefined): Promise<UsageAnswer> {
  const { start, end } = surroundings.joint.minutes;
  try {
    return await api.fetchUsage({ start: new Date(start), end: new Date(end), filter: filterOf(usageApi), signal });
  } catch (error) {
    if (signal?.aborted !== true) throw error;
    return { status: 'failed', reason: 'The attempt was interrupted.', fix: 'Reconcile again.', retryable: true };
  }
}

/** What an answer says of the run: the reading, the comparison, and the steps. */
async function readingFor(
  { ledger, settings }: Ready,
  summary: RunSummary,
  { usageApi, window, surroundings: { joint, unreadable } }: Asked,
  { buckets, fetchedAt }: Extract<UsageAnswer, { status: 'ok' }>,
  api: UsageApi,
  signal: AbortSignal | undefined,
): Promise<Omit<Answered, 'failure'>> {
  const { provider } = usageApi;
  const filter = filterOf(usageApi);
  // Costs are shown, and decide nothing: that they could not be had is told by the answer in the log.
  const costs = await api
    .fetchCosts({ start: new Date(window.start), end: new Date(window.end), filter, signal })
    .catch((error: unknown) => {
      if (signal?.aborted !== true) throw error;
      return null;
    });
  const cost = costs?.status === 'ok' && costs.usd !== null ? { usd: costs.usd, start: costs.start, end: costs.end } : null;
  const sharedStarts = sharedMinutes(joint, buckets, filter.api_key_id !== null);
  const reading = boundedReading(readingOf({ fetchedAt, buckets, window, joint, sharedStarts, cost }));
  const minutes = providerMinutes(buckets);
  const calls = ledger.calls.filter((call) => canBeBilledBy(provider, call));
  const keys = new Set(buckets.flatMap(({ rows }) => rows.flatMap(({ api_key_id }) => api_key_id ?? [])));
  const comparison = weigh({
    provider,
    figures: minutes.sum(() => true),
    apiKeys: keys.size === 0 ? null : keys.size,
    summary,
    calls,
    foreign: ledger.calls.filter((call) => !canBeBilledBy(provider, call)),
    shared: joint.shared,
    unreadable,
    thresholdPercent: settings.threshold_percent,
  });
  const steps = summary.steps.filter(({ status }) => status !== 'not_reached').map(({ step }) => step);
  const run = { calls, endedAt: ledger.endedAt };
  return {
    outcome: { kind: 'reading', reading, comparison },
    steps: boundedSteps(stepResolutions(steps, run, sharedStarts, minutes)),
  };
}
