/** The ledger of one run, call by call: what the provider's figures are held against. */
import {
  EVENT_METADATA,
  type EventMetadata,
  type EventName,
  type LogRecord,
  type UsageFilter,
  type UsageProvider,
} from '../schema.ts';
import { logFileFacts, logFilesOf, readRecords, RUN_LOG, type RunSource } from '../store.ts';

/** One request to a model. Lookups and calls that a budget refused are none. */
export interface LedgerCall {
  /** Null outside of attempts. */
  readonly step: number | null;
  /** Unix milliseconds, as all times here. */
  readonly startedAt: number;
  /** Null when no end is recorded. */
  readonly endedAt: number | null;
  /** Its answer did not arrive whole, or nobody knows: the provider may have gone on with it, and billed it later. */
  readonly brokeOff: boolean;
  /** Of the wire that was spoken. */
  readonly wire: string;
  /** Cached tokens included; null when unknown. */
  readonly input: number | null;
  readonly output: number | null;
  readonly cached: number | null;
  /** `none`: refused or never sent, so that it used nothing. `unknown`: it may have used tokens that nobody reported. */
  readonly use: 'known' | 'unknown' | 'none';
}

export interface RunLedger {
  /** Null for a run that recorded no beginning: of the original system, or only just born. */
  readonly start: {
    readonly at: number;
    /** Null where nobody bills; `unrecorded` before format 1.1. */
    readonly usageApi: RunUsageApi | 'unrecorded' | null;
    readonly rehearsal: boolean;
    readonly replay: boolean;
  } | null;
  /** The run's last moment that its own process recorded. */
  readonly endedAt: number;
  /** By their start. */
  readonly calls: readonly LedgerCall[];
}

export type RunUsageApi = UsageFilter & { readonly provider: UsageProvider };

export function filterOf({ api_key_id, project_id, workspace_id }: RunUsageApi): UsageFilter {
  return { api_key_id, project_id, workspace_id };
}

/** Reads the sealed ledger of a run, from its directory or from inside its archive. */
export async function readLedger(source: RunSource): Promise<RunLedger> {
  const files = (await logFilesOf(source)).filter((file) => file === RUN_LOG || logFileFacts(file).component === 'metrics');
  const open = new Map<string, { call: LedgerCall }>();
  const calls: { call: LedgerCall }[] = [];
  let start: RunLedger['start'] = null;
  let endedAt = Number.NEGATIVE_INFINITY;
  let recovered = false;
  for await (const item of readRecords(source, { files })) {
    if (!('record' in item)) continue;
    const { record } = item;
    const at = Date.parse(record.timestamp);
    const recovery = parsed('run_recovered', record);
    if (recovery !== null) {
      recovered = true;
      if (recovery.last_record_at !== null) endedAt = Math.max(endedAt, Date.parse(recovery.last_record_at));
    }
    // What recovery records may be days later.
    if (!recovered) endedAt = Math.max(endedAt, at);
    const began = parsed('run_start', record);
    if (began !== null) {
      const usageApi = Object.hasOwn(record.metadata, 'usage_api') ? began.usage_api : 'unrecorded';
      start ??= { at, usageApi, rehearsal: began.rehearsal, replay: began.replay_of !== null };
    }
    const started = parsed('llm_call_start', record);
    if (started !== null) {
      const call = { call: unended(record, at, started) };
      open.set(started.call_id, call);
      calls.push(call);
    }
    const ended = parsed('llm_call', record);
    if (ended === null) continue;
    const known = open.get(ended.call_id);
    const startedAt = known?.call.startedAt ?? at - Math.round(ended.duration_seconds * 1000);
    const call = endedCall(record, { startedAt, endedAt: at }, ended);
    if (known === undefined) calls.push({ call });
    else known.call = call;
  }
  return { start, endedAt, calls: calls.map(({ call }) => call).sort((a, b) => a.startedAt - b.startedAt) };
}

/** The metadata of `event`, or null for another record, and for one that does not have the event's form. */
function parsed<E extends EventName>(event: E, record: LogRecord): EventMetadata<E> | null {
  if (record.event !== event) return null;
  // The table's entry for `event` parses to exactly this type; TypeScript cannot follow the index.
  return (EVENT_METADATA[event].safeParse(record.metadata).data as EventMetadata<E> | undefined) ?? null;
}

function unended({ step }: LogRecord, startedAt: number, { wire }: EventMetadata<'llm_call_start'>): LedgerCall {
  return { step, startedAt, endedAt: null, brokeOff: true, wire, input: null, output: null, cached: null, use: 'unknown' };
}

function endedCall(
  { step }: LogRecord,
  times: { startedAt: number; endedAt: number },
  facts: EventMetadata<'llm_call'>,
): LedgerCall {
  const input = facts['gen_ai.usage.input_tokens'];
  const output = facts['gen_ai.usage.output_tokens'];
  const refused = facts.outcome === 'http_error' || facts.outcome === 'unreachable';
  const isUnanswered = facts.outcome === 'upstream_error' && facts.status === null;
  const known = input !== null && output !== null;
  return {
    step,
    ...times,
    brokeOff: facts.outcome === 'client_aborted' || facts.outcome === 'truncated' || isUnanswered,
    wire: facts.wire,
    input,
    output,
    cached: facts['gen_ai.usage.cache_read.input_tokens'],
    use: known ? 'known' : refused && input === null && output === null ? 'none' : 'unknown',
  };
}

/**
 * Whether a call can stand on the bill of `provider`. OpenAI's wires are spoken by others too, such as Anthropic's compatible
 * endpoint; the wires of the others only by themselves.
 */
export function canBeBilledBy(provider: UsageProvider, { wire }: LedgerCall): boolean {
  return wire.startsWith(`${provider}.`) || wire.startsWith('openai.');
}
