/**
 * Which minutes must be looked at together. The provider's figures of a minute are those of everybody in its scope, so a run's
 * window also holds what other runs used in it. A call that begins in the window and ends outside may be counted in either
 * place: the window grows until no call crosses its borders. What the provider has for the grown window is then exactly the
 * sum of the calls inside it, however many runs they are of, and however it picks their minutes.
 */
import type { UsageFilter } from '../../schema/index.ts';
import type { LedgerCall, RunLedger, RunUsageApi } from '../ledger.ts';
import { minutesOfCall, overlap, unionOf, type Minutes } from './window.ts';

/**
 * `certain`: what the filter lets through has this run's calls in it. `possible`: it does not say by which key or project it called,
 * or another key reads its figures, of the same account or another.
 */
export type InView = 'certain' | 'possible';

/** Whether the provider's figures under `filter` hold the calls of a run that named `other`; null: they do not. */
export function inView(filter: RunUsageApi, other: RunUsageApi): InView | null {
  if (filter.provider !== other.provider) return null;
  let view: InView = 'certain';
  for (const key of ['api_key_id', 'project_id', 'workspace_id'] as const satisfies readonly (keyof UsageFilter)[]) {
    const wanted = filter[key];
    if (wanted === null || other[key] === wanted) continue;
    if (other[key] !== null) return null;
    view = 'possible';
  }
  return view;
}

/** Another run of this runs directory in the same scope. */
export interface Neighbour {
  readonly framework: string;
  readonly runId: string;
  readonly view: InView;
  readonly ledger: RunLedger;
}

export interface SharedCalls {
  readonly neighbour: Neighbour;
  /** Inside the joint minutes. */
  readonly calls: readonly LedgerCall[];
}

export interface Joint {
  readonly minutes: Minutes;
  /** Neighbours with calls inside. */
  readonly shared: readonly SharedCalls[];
}

/** Grows `window` until no call of a neighbour crosses its borders. */
export function joinMinutes(window: Minutes, neighbours: readonly Neighbour[]): Joint {
  let left = neighbours.flatMap((neighbour) =>
    // What was refused is counted nowhere.
    neighbour.ledger.calls
      .filter(({ use }) => use !== 'none')
      .map((call) => ({ neighbour, call, minutes: minutesOfCall(call, neighbour.ledger.endedAt) })),
  );
  const inside = new Map<Neighbour, LedgerCall[]>();
  let minutes = window;
  for (;;) {
    const reached = left.filter((one) => overlap(one.minutes, minutes));
    if (reached.length === 0) break;
    for (const { neighbour, call } of reached) {
      const calls = inside.get(neighbour);
      if (calls === undefined) inside.set(neighbour, [call]);
      else calls.push(call);
    }
    const before = minutes;
    left = left.filter((one) => !overlap(one.minutes, before));
    minutes = unionOf([minutes, ...reached.map((one) => one.minutes)]);
  }
  return { minutes, shared: Array.from(inside, ([neighbour, calls]) => ({ neighbour, calls })) };
}
