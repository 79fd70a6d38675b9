/** What the runs of each framework add up to. */
import type { FrameworkTotals, ManifestEntry } from '../schema.ts';

/** By framework, in the order in which they first appear. A function of the entries alone. */
export function totalsByFramework(runs: readonly ManifestEntry[]): Record<string, FrameworkTotals> {
  const groups = Map.groupBy(runs, ({ framework }) => framework);
  return Object.fromEntries([...groups].map(([framework, entries]) => [framework, totalsOf(entries)]));
}

function totalsOf(entries: readonly ManifestEntry[]): FrameworkTotals {
  // What a script or a recording answered was used by nobody.
  const {
    rehearsals = [],
    replays = [],
    runs = [],
  } = Object.groupBy(entries, ({ rehearsal, replay_of: of }) =>
    rehearsal === true ? 'rehearsals' : typeof of === 'string' ? 'replays' : 'runs',
  );
  const cost = sum(runs.map(({ cost_usd: usd }) => (isNumber(usd) ? Math.round(usd * 1e9) : null)));
  return {
    runs: runs.length,
    rehearsals: rehearsals.length,
    replays: replays.length,
    api_calls: sum(runs.map((run) => run.total_api_calls)),
    tokens_in: sum(runs.map((run) => run.total_tokens_in)),
    tokens_out: sum(runs.map((run) => run.total_tokens_out)),
    cost_usd: cost === null ? null : cost / 1e9,
    runs_with_incomplete_tokens: runs.filter((run) => run.tokens_complete !== true).length,
    runs_without_cost: runs.filter((run) => !isNumber(run.cost_usd)).length,
  };
}

/** Of what is known; null when nothing is, or when the sum is beyond the exact numbers. */
function sum(values: readonly (number | null | undefined)[]): number | null {
  const known = values.filter(isNumber);
  const total = known.reduce((before, value) => before + value, 0);
  return known.length === 0 || !Number.isSafeInteger(total) ? null : total;
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}
