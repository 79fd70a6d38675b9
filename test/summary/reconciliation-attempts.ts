/** Attempts at reconciling, as `stepwell reconcile` records them, and their lines in `reconciliation.log`. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  metadataText,
  metricsText,
  RunMetadata,
  type ProviderReading,
  type ReconciliationAttempt,
  type StepResolution,
  type UsageComparison,
  type UsageFigures,
} from '../../src/schema/index.ts';
import { openRunDirectory } from '../../src/store/index.ts';
import { computeMetrics, foldRun, readReconciliation, renderText } from '../../src/summary/index.ts';

export function figures(
  input: number | null,
  output: number | null,
  cached: number | null = 0,
  calls: number | null = 9,
): UsageFigures {
  return { input_tokens: input, output_tokens: output, cached_tokens: cached, api_calls: calls };
}

export const MEASURED = figures(9000, 2250, 3600);

export function reading(
  fetched_at: string,
  total: UsageFigures = MEASURED,
  more: Partial<ProviderReading> = {},
): ProviderReading {
  return {
    fetched_at,
    total,
    own: total,
    minutes_with_usage: 1,
    shared_minutes: 0,
    shared_with: [],
    api_keys: 1,
    models: [{ model: 'gpt-4o-mini-2024-07-18', ...total }],
    cost: null,
    ...more,
  };
}

export function comparison(provider: UsageFigures = MEASURED, more: Partial<UsageComparison> = {}): UsageComparison {
  const ledger = more.joint_ledger ?? more.ledger ?? MEASURED;
  const minus = (key: keyof UsageFigures): number | null =>
    provider[key] === null || ledger[key] === null ? null : provider[key] - ledger[key];
  const difference = {
    input_tokens: minus('input_tokens'),
    output_tokens: minus('output_tokens'),
    cached_tokens: minus('cached_tokens'),
    api_calls: minus('api_calls'),
  };
  const percent = Math.max(
    (Math.abs(difference.input_tokens ?? 0) / 9000) * 100,
    (Math.abs(difference.output_tokens ?? 0) / 2250) * 100,
  );
  return {
    claim: null,
    ledger: MEASURED,
    joint_ledger: null,
    provider,
    difference,
    difference_percent: percent,
    within_threshold: percent <= 1,
    explanations: [],
    ...more,
  };
}

export const STEPS: StepResolution[] = [
  { step: 1, resolution: 'not_resolvable', seconds: 6.4, ledger: figures(2000, 500, 800, 2), at_least: null, at_most: null },
  {
    step: 2,
    resolution: 'bound',
    seconds: 71.2,
    ledger: figures(3000, 750, 1200, 3),
    at_least: figures(1000, 250, 400, 1),
    at_most: figures(5000, 1250, 2000, 5),
  },
  {
    step: 3,
    resolution: 'whole',
    seconds: 130,
    ledger: figures(4000, 1000, 1600, 4),
    at_least: figures(4000, 1000, 1600, 4),
    at_most: figures(4000, 1000, 1600, 4),
  },
];

/** A first reading that agrees; what differs is given. */
export function attempt(changed: Partial<ReconciliationAttempt> = {}): ReconciliationAttempt {
  return {
    attempt: 1,
    state: 'provisional',
    reason: '1 of 2 equal readings; the next counts from 60 minutes later on',
    provider: 'openai',
    filter: { api_key_id: null, project_id: 'proj_school', workspace_id: null },
    settings: { required_readings: 2, interval_minutes: 60, threshold_percent: 1, max_age_hours: 168 },
    window: { start: '2026-11-22T14:15:00.000Z', end: '2026-11-22T14:18:00.000Z', minutes: 3 },
    reading: reading('2026-11-22T15:00:02.000Z'),
    equal_readings: 1,
    first_equal_at: '2026-11-22T15:00:02.000Z',
    verified_at: null,
    comparison: comparison(),
    steps: STEPS,
    waiting_ended: false,
    ...changed,
  };
}

/** The second equal reading. */
export function verified(changed: Partial<ReconciliationAttempt> = {}): ReconciliationAttempt {
  return attempt({
    attempt: 2,
    state: 'verified',
    reason: '2 equal readings, 61 minutes apart, within 1% of the ledger',
    reading: reading('2026-11-22T16:01:12.000Z'),
    equal_readings: 2,
    verified_at: '2026-11-22T16:01:12.000Z',
    ...changed,
  });
}

/** A line of `reconciliation.log`. */
export function attemptLine(metadata: ReconciliationAttempt, timestamp: string, runId = '20261122-141503-k3f9'): string {
  const place = { module: 'reconcile/attempt', component: 'reconciliation', run_id: runId, framework: 'baseline', step: null };
  const record = { level: 'info', timestamp, ...place, event: 'reconciliation_attempt', message: metadata.reason, metadata };
  return `${JSON.stringify({ ...record, seq: metadata.attempt, writer: 'rec001' })}\n`;
}

/** Appends attempts to a sealed run's log and writes what is derived, as one that reconciles it does. */
export async function recordAttempts(runDir: string, lines: readonly string[]): Promise<void> {
  const path = join(runDir, 'logs/reconciliation.log');
  mkdirSync(dirname(path), { recursive: true });
  const before = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const text = before + lines.join('');
  writeFileSync(path, text);
  const reconciliation = await readReconciliation(runDir, { all: true });
  const metadata = RunMetadata.parse(JSON.parse(readFileSync(join(runDir, 'metadata.json'), 'utf8')));
  if (reconciliation === null) throw new Error('no attempt in these lines');
  const { verification_status, last_attempt_at, attempts } = reconciliation;
  metadata.reconciliation = {
    verification_status,
    attempts: attempts.length,
    last_attempt_at,
    log_bytes: Buffer.byteLength(text),
    log_sha256: createHash('sha256').update(text).digest('hex'),
  };
  writeFileSync(join(runDir, 'metadata.json'), metadataText(metadata));
  await using source = await openRunDirectory(runDir);
  const summary = { ...(await foldRun(source)), reconciliation };
  writeFileSync(join(runDir, 'metrics.json'), metricsText(computeMetrics(summary)));
  writeFileSync(join(runDir, 'logs_summary.txt'), renderText(summary, metadata.archive));
}
