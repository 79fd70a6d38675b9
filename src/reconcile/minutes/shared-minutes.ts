/**
 * Which minutes must be looked at together. The provider's figures of a minute are those of everybody in its scope, so a run's
 * window also holds what other runs used in it. A call that begins in the window and ends outside may be counted in either
 * place: the window grows until no call crosses its borders. What the provider has for the grown window is then exactly the
 * sum of the calls inside it, however many runs they are of, and however it picks their minutes.
 */
import type { UsageFilter } from '../../schema/index.ts';
import type { LedgerCall, RunLedger, RunUsageApi } from '../ledger.ts';
import { minutesOfCall, overlaps, unionOf, type MinuteRange } from './window.ts';

/**
 * `certain`: what the filter lets through has this run's calls in it. `possible`: it does not say by which key or project it called,
 * or another key reads its figures, of the same account or another.
 */
export type Visibility = 'certain' | 'possible';

/** Whether the provider's figures under `filter` hold the calls of a run that named `other`; null: they do not. */
export function visibilityOf(filter: RunUsageApi, other: RunUsageApi): Visibility | null {
  if (filter.provider !== other.provider) return null;
  let visibility: Visibility = 'certain';
  for (const key of ['api_key_id', 'project_id', 'workspace_id'] as const satisfies readonly (keyof UsageFilter)[]) {
    const wanted = filter[key];
    if (wanted === null || other[key] === wanted) continue;
    if (other[key] !== null) return null;
    visibility = 'possible';
  }
  return visibility;
}

/** Another run of this runs directory in the same scope. */
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
  /** Neighbours with calls inside. */
  readonly shared: readonly SharedCalls[];
}

/** Grows `window` until no call of a neighbour crosses its borders. */
export function joinMinutes(window: MinuteRange, overlappingRuns: readonly OverlappingRun[]): JointMinutes {
  let remaining = overlappingRuns.flatMap((other) =>
    // What was refused is counted nowhere.
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
