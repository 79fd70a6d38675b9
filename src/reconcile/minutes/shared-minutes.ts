/**
 * Which minutes must be compared together. The provider's figures for a minute include every caller in its scope, so a run's
 * window also contains the usage of other runs. A call that starts inside the window and ends outside may be counted in either
 * minute, so the window grows until no call crosses its borders. The provider's figures for the grown window then equal the sum
 * of the calls inside it, for any number of runs and any choice of minute by the provider.
 */
import type { UsageFilter } from '../../schema/index.ts';
import type { LedgerCall, RunLedger, RunUsageApi } from '../ledger.ts';
import { minutesOfCall, overlaps, unionOf, type MinuteRange } from './window.ts';

/**
 * `certain`: the filtered figures include this run's calls. `possible`: the run does not name its key or project, or another
 * admin key reads its figures, which may or may not belong to the same account.
 */
export type Visibility = 'certain' | 'possible';

/** Whether the provider's figures under `filter` include the calls of a run configured with `other`; null if they do not. */
export function visibilityOf(filter: RunUsageApi, other: RunUsageApi): Visibility | null {
  if (filter.provider !== other.provider) return null;
  let visibility: Visibility = 'certain';
  for (const key of ['api_key_id', 'project_id', 'workspace_id'] as const satisfies readonly (keyof UsageFilter)[]) {
    const value = filter[key];
    if (value === null || other[key] === value) continue;
    if (other[key] !== null) return null;
    visibility = 'possible';
  }
  return visibility;
}

/** Another run of this runs directory with calls under the same filter. */
export interface OverlappingRun {
  readonly framework: string;
  readonly runId: string;
  readonly visibility: Visibility;
  readonly ledger: RunLedger;
}

export interface SharedCalls {
  readonly other: OverlappingRun;
  /** Inside the joint minutes. */
  readonly calls: readonly LedgerCall[];
}

export interface JointMinutes {
  readonly minutes: MinuteRange;
  /** Other runs with calls in these minutes. */
  readonly shared: readonly SharedCalls[];
}

/** Grows `window` until no call of another run crosses its borders. */
export function joinMinutes(window: MinuteRange, overlappingRuns: readonly OverlappingRun[]): JointMinutes {
  let remaining = overlappingRuns.flatMap((other) =>
    // Refused calls are not billed.
    other.ledger.calls
      .filter(({ use }) => use !== 'none')
      .map((call) => ({ other, call, minutes: minutesOfCall(call, other.ledger.endedAt) })),
  );
  const inside = new Map<OverlappingRun, LedgerCall[]>();
  let minutes = window;
  for (;;) {
    const reached = remaining.filter((one) => overlaps(one.minutes, minutes));
    if (reached.length === 0) break;
    for (const { other, call } of reached) {
      const calls = inside.get(other);
      if (calls === undefined) inside.set(other, [call]);
      else calls.push(call);
    }
    const before = minutes;
    remaining = remaining.filter((one) => !overlaps(one.minutes, before));
    minutes = unionOf([minutes, ...reached.map((one) => one.minutes)]);
  }
  return { minutes, shared: Array.from(inside, ([other, calls]) => ({ other, calls })) };
}
