/** Runs as a table: one line each, in the order given. */
import { totalsByFramework, type CatalogRun } from '../catalog.ts';
import { styleOf, type Paint } from './colour.ts';
import { ABSENT, duration, shortCount, table } from './columns.ts';
import { neutralLine } from './neutral.ts';

export function runTable(runs: readonly CatalogRun[], paint: Paint): string[] {
  const statuses = runs.map(shownStatus);
  return table(
    [
      { title: 'RUN', most: 24 },
      { title: 'FRAMEWORK', most: 12 },
      { title: 'STATUS', most: 12 },
      { title: 'STEPS', align: 'right' },
      { title: 'CALLS', align: 'right' },
      { title: 'TOKENS', align: 'right' },
      { title: 'TIME', align: 'right' },
    ],
    runs.map((run, index) => [
      shortId(run.entry.run_id),
      neutralLine(run.entry.framework),
      (statuses[index] ?? '').replace('_', ' '),
      stepsOf(run),
      shortCount(run.entry.total_api_calls),
      tokensOf(run),
      duration(run.entry.duration_seconds),
    ]),
    (cell, row, column) => (column === 2 ? paint(styleOf(statuses[row] ?? ''), cell) : cell),
  );
}

/**
 * What the runs of each framework add up to, below the runs; nothing where there are only rehearsals and replays, which use
 * no model. A `≥` stands before a sum for which a run's figures are missing or a lower bound.
 */
export function totalsTable(runs: readonly CatalogRun[]): string[] {
  const totals = Object.entries(totalsByFramework(runs.map(({ entry }) => entry))).filter(([, total]) => total.runs > 0);
  if (totals.length === 0) return [];
  return table(
    [
      { title: 'FRAMEWORK', most: 12 },
      { title: 'RUNS', align: 'right' },
      { title: 'CALLS', align: 'right' },
      { title: 'TOKENS IN', align: 'right' },
      { title: 'TOKENS OUT', align: 'right' },
      { title: 'COST', align: 'right' },
    ],
    totals.map(([framework, total]) => {
      const isWhole = total.runs_with_incomplete_tokens === 0;
      const shown = (text: string, whole = isWhole): string => (text === ABSENT || whole ? text : `≥ ${text}`);
      return [
        neutralLine(framework),
        String(total.runs),
        shown(shortCount(total.api_calls)),
        shown(shortCount(total.tokens_in)),
        shown(shortCount(total.tokens_out)),
        shown(total.cost_usd === null ? ABSENT : `$${total.cost_usd.toFixed(2)}`, isWhole && total.runs_without_cost === 0),
      ];
    }),
  );
}

/** What a person should know first: a lease or its absence counts more than what was last written. */
export function shownStatus({ entry, state }: CatalogRun): string {
  switch (state) {
    case 'live':
      return 'running';
    case 'elsewhere':
      return 'elsewhere';
    case 'crashed':
      return 'crashed';
    case 'missing':
      return 'missing';
    case 'finished':
      return entry.status ?? ABSENT;
    default:
      return state satisfies never;
  }
}

/** Ids of stepwell as they are; longer ones of other systems by both ends, which name the run as well. */
function shortId(id: string): string {
  const shown = neutralLine(id);
  return shown.length <= 24 ? shown : `${shown.slice(0, 13)}…${shown.slice(-4)}`;
}

function stepsOf({ entry }: CatalogRun): string {
  if (entry.steps_total === null) return ABSENT;
  return `${entry.steps_succeeded ?? ABSENT}/${entry.steps_total}`;
}

function tokensOf({ entry: { total_tokens_in, total_tokens_out } }: CatalogRun): string {
  return total_tokens_in === null || total_tokens_out === null ? ABSENT : shortCount(total_tokens_in + total_tokens_out);
}
