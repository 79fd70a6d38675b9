/** Framework phases within attempts: their usage, and what the adapter reports about them. */
import { sumComplete } from '../../format/index.ts';
import type { EventMetadata, FrameworkPhaseStatus, PhaseUsage, StepSummary } from '../../schema/index.ts';
import { getOrCreate } from './entry.ts';
import { truncate } from './problems.ts';
import { emptyUsage, usageSummary, type UsageState } from './usage.ts';

const PHASES_KEPT = 50;
const NAME_LENGTH = 64;

interface PhaseState {
  readonly usage: UsageState;
  /** The last one reported. */
  status: FrameworkPhaseStatus | null;
  /** Sum over all its executions; null if one of them is unknown. */
  milliseconds: number | null;
  /** Position of its first report among those of all phases, since phases end in the order of the work. */
  reported: number | null;
}

/** Of an attempt, or of a step. */
export interface PhasesState {
  readonly named: Map<string, PhaseState>;
  /** Of calls outside phases. */
  readonly outside: UsageState;
  reports: number;
}

export function emptyPhases(): PhasesState {
  return { named: new Map(), outside: emptyUsage(), reports: 0 };
}

function phaseOf({ named }: PhasesState, name: string): PhaseState {
  const short = truncate(name, NAME_LENGTH);
  const key = named.has(short) || named.size < PHASES_KEPT ? short : '(other phases)';
  return getOrCreate(named, key, () => ({ usage: emptyUsage(), status: null, milliseconds: null, reported: null }));
}

/** The totals a call of this phase is added to. */
export function phaseUsageOf(phases: PhasesState, name: string | null): UsageState {
  return name === null ? phases.outside : phaseOf(phases, name).usage;
}

export function addPhaseReport(
  phases: PhasesState,
  { phase: name, status, duration_seconds }: EventMetadata<'framework_phase'>,
): void {
  const phase = phaseOf(phases, name);
  const took = duration_seconds === null ? null : Math.round(duration_seconds * 1000);
  if (phase.reported === null) phase.milliseconds = took;
  else phase.milliseconds = sumComplete([phase.milliseconds, took]);
  phase.reported ??= phases.reports;
  phase.status = status;
  phases.reports += 1;
}

/** @param whole of the attempt or step: its phases, the rest, and what belongs to neither */
export function phaseSummaries(
  { named, outside }: PhasesState,
  whole: UsageState,
): Pick<StepSummary, 'phases' | 'usage_outside_phases'> {
  const order = ([, { reported }]: [string, PhaseState]): number => reported ?? Number.POSITIVE_INFINITY;
  // A phase without calls used nothing only if no call can belong to it; otherwise its usage is unknown.
  const { unmetered_attempts, unmetered_requests } = whole.counts;
  const isApart = outside.counts.api_calls === 0 && unmetered_attempts === 0 && unmetered_requests === 0;
  return {
    phases: [...named]
      .sort((a, b) => (order(a) === order(b) ? 0 : order(a) - order(b)))
      .map(([phase, { status, milliseconds, usage }]) => ({
        phase,
        status,
        duration_seconds: milliseconds === null ? null : milliseconds / 1000,
        ...figuresOf(usage, isApart ? whole.meteredAttempts : 0),
      })),
    usage_outside_phases: named.size === 0 ? null : figuresOf(outside, whole.meteredAttempts),
  };
}

function figuresOf(state: UsageState, meteredAttempts: number): PhaseUsage {
  const usage = usageSummary({ ...state, meteredAttempts });
  return {
    api_calls: usage.api_calls,
    llm_requests: usage.llm_requests,
    failed_calls: usage.failed_calls,
    open_calls: usage.open_calls,
    calls_without_usage: usage.calls_without_usage,
    calls_without_price: usage.calls_without_price,
    tokens_in: usage.tokens_in,
    tokens_out: usage.tokens_out,
    tokens_cached: usage.tokens_cached,
    tokens_cache_write: usage.tokens_cache_write,
    tokens_reasoning: usage.tokens_reasoning,
    llm_seconds: usage.llm_seconds,
    cost_nano_usd: usage.cost_nano_usd,
  };
}
