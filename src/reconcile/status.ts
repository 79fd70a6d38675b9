/** The status of a run before any request: whether it can be reconciled, and whether it still needs a reading. */
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CatalogRun } from '../catalog/index.ts';
import {
  parseJson,
  RunMetadata,
  type ReconciliationAttempt,
  type ReconciliationState,
  type ReconciliationSummary,
} from '../schema/index.ts';
import { LOGS_DIR, METADATA_FILE, openRunDirectory } from '../store/index.ts';
import { readReconciliation } from '../summary/index.ts';
import { readAttempts } from './records.ts';
import { isSettled } from './verdict/verdict.ts';
import { readLedger, type RunLedger, type RunUsageApi } from './ledger.ts';
import type { RunReconciliation } from './options.ts';
import { countedReadings } from './verdict/stable-readings.ts';
import { readRunConfig, settingsOf, type RunConfig, type Settings } from './settings.ts';
import { isStale } from './derived.ts';

export interface ReadyRun {
  readonly kind: 'ready';
  readonly run: CatalogRun;
  readonly metadata: RunMetadata;
  readonly config: RunConfig;
  readonly settings: Settings;
  readonly ledger: RunLedger;
  readonly usageApi: RunUsageApi;
  readonly endedAt: number;
  readonly attempts: readonly ReconciliationAttempt[];
  /** The derived files do not show everything in the log. */
  readonly stale: boolean;
  /** The result if no further attempt is made. */
  readonly result: RunReconciliation;
}

/** `not_ready`: the run cannot be reconciled, either yet or at all. */
export type ReconciliationStatus = ReadyRun | { readonly kind: 'not_ready'; readonly result: RunReconciliation };

/** Whether metadata.json alone shows that the run is settled: most runs of a long experiment need no further check. */
export async function isSettledOnDisk(run: CatalogRun): Promise<boolean> {
  if (run.state !== 'finished') return false;
  const metadata = parseMetadata(await readFile(join(run.dir, METADATA_FILE), 'utf8').catch(() => null));
  if (metadata === null || metadata === 'third_party') return metadata !== null;
  if (metadata.rehearsal && metadata.archive !== null) return true;
  const { reconciliation } = metadata;
  return reconciliation !== null && isSettled(reconciliation.verification_status) && !(await isStale(run.dir, metadata));
}

/** @throws RECONCILE_CONFIG, RUN_UNREADABLE */
export async function statusOf(run: CatalogRun, overrides: Partial<Settings>, now: Date): Promise<ReconciliationStatus> {
  const state = reasonForState(run);
  if (state !== null) {
    const nextAttemptAt = state === LIVE ? new Date(now.getTime() + LIVE_RECHECK_MINUTES * 60_000).toISOString() : null;
    return notReady(run, 'pending', { ...state, nextAttemptAt });
  }
  const text = await readFile(join(run.dir, METADATA_FILE), 'utf8').catch(() => null);
  const metadata = parseMetadata(text);
  if (metadata === 'third_party') return notReady(run, 'not_applicable', NOT_BY_STEPWELL);
  if (metadata === null) return notReady(run, 'pending', METADATA_INVALID);
  const ageMinutes = ageOf(metadata, now);
  if (metadata.archive === null || metadata.ended_at === null) return notReady(run, 'pending', { ...UNSEALED, ageMinutes });
  if (metadata.rehearsal) return notReady(run, 'not_applicable', { ...REHEARSAL, ageMinutes });
  if (!existsSync(join(run.dir, LOGS_DIR))) {
    const summary = await readReconciliation(run.dir);
    return notReady(run, summary?.verification_status ?? 'pending', { ...NO_LOGS, ageMinutes, summary });
  }

  const ledger = await readLedgerIn(run.dir);
  const { start } = ledger;
  if (start?.replay === true) return notReady(run, 'not_applicable', { ...REPLAY, ageMinutes });
  if (start === null || start.usageApi === null) return notReady(run, 'not_applicable', { ...NO_USAGE_API, ageMinutes });
  if (start.usageApi === 'unrecorded') {
    // As metrics.json has it.
    const state = ledger.calls.length > 0 ? 'pending' : 'not_applicable';
    return notReady(run, state, { ...USAGE_API_UNRECORDED, ageMinutes, settled: true });
  }
  const config = await readRunConfig(run.dir);
  const settings = settingsOf(config.reconciliation, overrides);
  const { attempts } = await readAttempts(run.dir);
  const summary = await readReconciliation(run.dir, { all: true });
  const endedAt = Date.parse(metadata.ended_at);
  const minAgeReachedAt = endedAt + settings.min_age_minutes * 60_000;
  const verification = summary?.verification_status ?? 'pending';
  const settled = isSettled(verification) || (summary?.waiting_ended ?? false);
  const facts = { settings, attempts, minAgeReachedAt };
  return {
    kind: 'ready',
    run,
    metadata,
    config,
    settings,
    ledger,
    usageApi: start.usageApi,
    endedAt,
    attempts,
    stale: await isStale(run.dir, metadata),
    result: {
      ...skippedResult(run, verification, summary?.verification_message ?? 'No attempt was made yet.'),
      ageMinutes,
      summary,
      settled,
      nextAttemptAt: settled ? null : nextAttemptAt(facts),
    },
  };
}

/** When the next reading counts: one interval after the last counted one, or when the run reaches its minimum age. */
export function nextAttemptAt(reconciliation: {
  readonly settings: Settings;
  readonly attempts: readonly ReconciliationAttempt[];
  readonly minAgeReachedAt: number;
}): string {
  const { settings, attempts, minAgeReachedAt } = reconciliation;
  const last = attempts.findLast(({ reading }) => reading !== null);
  const counted = last === undefined ? null : (countedReadings(attempts, last).at(-1) ?? null);
  const due = counted === null ? minAgeReachedAt : Date.parse(counted.fetchedAt) + settings.interval_minutes * 60_000;
  return new Date(Math.max(due, minAgeReachedAt)).toISOString();
}

export function skippedResult(
  run: CatalogRun,
  state: ReconciliationState,
  reason: string,
  fix: string | null = null,
): RunReconciliation {
  return {
    framework: run.entry.framework,
    runId: run.entry.run_id,
    runDir: run.dir,
    action: 'skipped',
    state,
    reason,
    code: null,
    fix,
    ageMinutes: null,
    summary: null,
    settled: isSettled(state),
    nextAttemptAt: null,
  };
}

interface NotReadyReason {
  readonly reason: string;
  readonly fix: string | null;
  readonly ageMinutes?: number | null;
  readonly summary?: ReconciliationSummary | null;
  readonly nextAttemptAt?: string | null;
  readonly settled?: boolean;
}

/** A live run is checked again after this. */
const LIVE_RECHECK_MINUTES = 10;

function notReady(run: CatalogRun, state: ReconciliationState, refusal: NotReadyReason): ReconciliationStatus {
  const { reason, fix, ageMinutes = null, summary = null, nextAttemptAt = null, settled = isSettled(state) } = refusal;
  return {
    kind: 'not_ready',
    result: { ...skippedResult(run, state, reason, fix), ageMinutes, summary, nextAttemptAt, settled },
  };
}

const LIVE: NotReadyReason = { reason: 'The run is still running.', fix: null };
const CRASHED: NotReadyReason = {
  reason: 'The process of the run ended without finishing its record.',
  fix: 'Finish the record with `stepwell recover`, then reconcile.',
};
const MISSING: NotReadyReason = {
  reason: 'The run directory is gone.',
  fix: 'Rebuild the index with `stepwell list --rebuild`.',
};
const UNSEALED: NotReadyReason = {
  reason: 'The run was not sealed.',
  fix: 'Finish the record with `stepwell recover`, then reconcile.',
};
const METADATA_INVALID: NotReadyReason = {
  reason: 'metadata.json of the run cannot be read.',
  fix: 'Restore it from the archive: type `tar -xzf run.tar.gz metadata.json` in the run’s directory. `stepwell verify` then names what differs.',
};
const NOT_BY_STEPWELL: NotReadyReason = {
  reason: 'The run was not made by stepwell, so there is no ledger to compare.',
  fix: null,
};
const REHEARSAL: NotReadyReason = { reason: 'The scripted offline model answered; its calls are not billed.', fix: null };
const REPLAY: NotReadyReason = { reason: 'Recorded exchanges answered; they are not billed again.', fix: null };
const NO_USAGE_API: NotReadyReason = {
  reason: 'The run does not say whose usage API has its figures.',
  fix: 'If a provider bills the calls, name it for future runs: endpoint.usage_api.provider in the configuration.',
};
const USAGE_API_UNRECORDED: NotReadyReason = {
  reason: 'The run was recorded before format 1.1, so it does not say whose usage API has its figures.',
  fix: null,
};
const NO_LOGS: NotReadyReason = {
  reason: 'The logs of the run are missing, as in a clone, so there is no file to record an attempt in.',
  fix: 'Reconcile where the run was made, or unpack its logs: type `tar -xzf run.tar.gz logs` in the run’s directory.',
};

function reasonForState({ state }: CatalogRun): NotReadyReason | null {
  switch (state) {
    case 'finished':
      return null;
    case 'live':
    case 'elsewhere':
      return LIVE;
    case 'crashed':
      return CRASHED;
    case 'missing':
      return MISSING;
    default:
      return state satisfies never;
  }
}

/** `third_party` for a run of the original system. */
function parseMetadata(text: string | null): RunMetadata | 'third_party' | null {
  if (text === null) return 'third_party';
  const value = parseJson(text);
  if (typeof value === 'object' && value !== null && !('stepwell_version' in value)) return 'third_party';
  return RunMetadata.safeParse(value).data ?? null;
}

function ageOf({ ended_at }: RunMetadata, now: Date): number | null {
  return ended_at === null ? null : Math.max(0, Math.floor((now.getTime() - Date.parse(ended_at)) / 60_000));
}

async function readLedgerIn(runDir: string): Promise<RunLedger> {
  await using source = await openRunDirectory(runDir);
  return await readLedger(source);
}
