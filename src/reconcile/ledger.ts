/** The ledger of one run, call by call: what the provider's figures are compared with. */
import { fromRecordedCounts, type TokenCounts, type UsageFilter, type UsageProvider } from '../schema/index.ts';
import { logFilesOf, parseLogPath, readRecords, RUN_LOG, type RunSource } from '../store/index.ts';
import { createRunFold, type RecordedCall } from '../summary/index.ts';

/** One request to a model. Excludes lookups and requests that a budget refused. */
export interface LedgerCall extends Pick<TokenCounts, 'inputTokens' | 'outputTokens' | 'cacheReadTokens'> {
  /** Null outside of attempts. */
  readonly step: number | null;
  /** Unix milliseconds, as all times here. */
  readonly startedAt: number;
  /** Null when no end is recorded. */
  readonly endedAt: number | null;
  /** Its answer did not arrive completely, or that is unknown: the provider may have continued, and billed the call later. */
  readonly incomplete: boolean;
  /** The wire format of the call. */
  readonly wire: string;
  /** `none`: refused or never sent, so it used nothing. `unknown`: it may have used tokens that were not reported. */
  readonly use: 'known' | 'unknown' | 'none';
}

export interface RunLedger {
  /** Null for a run without a recorded start: a run of the original system, or one that has just been created. */
  readonly start: {
    readonly at: number;
    /** Null when the calls are not billed; `unrecorded` before format 1.1. */
    readonly usageApi: RunUsageApi | 'unrecorded' | null;
    readonly rehearsal: boolean;
    readonly replay: boolean;
  } | null;
  /** The last time that the run's own process recorded. */
  readonly endedAt: number;
  /** In the order of their start. */
  readonly calls: readonly LedgerCall[];
}

export type RunUsageApi = UsageFilter & { readonly provider: UsageProvider };

export function filterOf({ api_key_id, project_id, workspace_id }: RunUsageApi): UsageFilter {
  return { api_key_id, project_id, workspace_id };
}

/** Reads the sealed ledger of a run, from its directory or from inside its archive. */
export async function readLedger(source: RunSource): Promise<RunLedger> {
  const files = (await logFilesOf(source)).filter((file) => file === RUN_LOG || parseLogPath(file).component === 'metrics');
  const calls: RecordedCall[] = [];
  const fold = createRunFold({ onCallEnd: (call) => calls.push(call) });
  for await (const item of readRecords(source, { files })) fold.push(item);
  const { started_at, rehearsal, replay_of } = fold.snapshot();
  const { usageApi, lastOwnRecordAt, openCalls } = fold.details();
  return {
    start:
      started_at === null
        ? null
        : { at: Date.parse(started_at), usageApi, rehearsal: rehearsal === true, replay: replay_of !== null },
    endedAt: lastOwnRecordAt === null ? Number.NEGATIVE_INFINITY : Date.parse(lastOwnRecordAt),
    calls: [...calls, ...openCalls].map(ledgerCall).sort((a, b) => a.startedAt - b.startedAt),
  };
}

const UNKNOWN_COUNTS = { inputTokens: null, outputTokens: null, cacheReadTokens: null };

function ledgerCall({ step, startedAt, endedAt, request: { wire }, outcome: facts }: RecordedCall): LedgerCall {
  const { inputTokens, outputTokens, cacheReadTokens } = facts === null ? UNKNOWN_COUNTS : fromRecordedCounts(facts);
  const call = { step, startedAt, endedAt, wire, inputTokens, outputTokens, cacheReadTokens };
  if (facts === null) return { ...call, incomplete: true, use: 'unknown' };
  const refused = facts.outcome === 'http_error' || facts.outcome === 'unreachable';
  const isUnanswered = facts.outcome === 'upstream_error' && facts.status === null;
  const known = inputTokens !== null && outputTokens !== null;
  return {
    ...call,
    incomplete: facts.outcome === 'client_aborted' || facts.outcome === 'truncated' || isUnanswered,
    use: known ? 'known' : refused && inputTokens === null && outputTokens === null ? 'none' : 'unknown',
  };
}

/**
 * Whether `provider` can have billed a call. Other providers also accept OpenAI's wire formats, for example Anthropic's compatible
 * endpoint; the other formats are accepted by their own provider only.
 */
export function canBeBilledBy(provider: UsageProvider, { wire }: LedgerCall): boolean {
  return wire.startsWith(`${provider}.`) || wire.startsWith('openai.');
}
