/** Totals by framework. */
import { sumKnown } from '../format/index.ts';
import type { FrameworkTotals, ManifestEntry } from '../schema/index.ts';

/** By framework, in the order in which they first appear. A function of the entries alone. */
export function totalsByFramework(runs: readonly ManifestEntry[]): Record<string, FrameworkTotals> {
  const groups = Map.groupBy(runs, ({ framework }) => framework);
  return Object.fromEntries([...groups].map(([framework, entries]) => [framework, totalsOf(entries)]));
}

function totalsOf(entries: readonly ManifestEntry[]): FrameworkTotals {
  // Rehearsals and replays use no model.
  const {
    rehearsals = [],
    replays = [],
    runs = [],
  } = Object.groupBy(entries, ({ rehearsal, replay_of: of }) =>
    rehearsal === true ? 'rehearsals' : typeof of === 'string' ? 'replays' : 'runs',
  );
  const cost = sumKnown(runs.map(({ cost_usd: usd }) => (isNumber(usd) ? Math.round(usd * 1e9) : null)));
  return {
    runs: runs.length,
    rehearsals: rehearsals.length,
    replays: replays.length,
    api_calls: sumKnown(runs.map((run) => run.total_api_calls)),
    tokens_in: sumKnown(runs.map((run) => run.total_tokens_in)),
    tokens_out: sumKnown(runs.map((run) => run.total_tokens_out)),
    cost_usd: cost === null ? null : cost / 1e9,
    runs_with_incomplete_tokens: runs.filter((run) => run.tokens_complete !== true).length,
    runs_without_cost: runs.filter((run) => !isNumber(run.cost_usd)).length,
  };
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number';
}
