/** Runs as a table: one line each, in the order given. */
import { totalsByFramework, type CatalogRun } from '../../catalog/index.ts';
import { type Paint, plain, sanitizeLine, styleOf, widthOf } from '../../terminal/index.ts';
import { DASH, formatDuration, formatShortCount } from '../../format/index.ts';
import { costText } from './cost.ts';
import { table, type Column } from './table.ts';

interface RunColumn extends Column {
  readonly cell: (run: CatalogRun) => string;
  /** What its color goes by. */
  readonly status?: (run: CatalogRun) => string;
}

const CALLS: RunColumn = { title: 'CALLS', align: 'right', cell: ({ entry }) => formatShortCount(entry.total_api_calls, DASH) };
const RUN_COLUMNS: readonly RunColumn[] = [
  { title: 'RUN', most: 24, cell: ({ entry }) => shortId(entry.run_id) },
  { title: 'FRAMEWORK', most: 12, cell: ({ entry }) => sanitizeLine(entry.framework) },
  { title: 'STATUS', most: 12, cell: (run) => shownStatus(run).replace('_', ' '), status: shownStatus },
  { title: 'STEPS', align: 'right', cell: stepsOf },
  CALLS,
  { title: 'TOKENS', align: 'right', cell: tokensOf },
  { title: 'TIME', align: 'right', cell: ({ entry }) => formatDuration(entry.duration_seconds, DASH) },
];
const RECONCILED: RunColumn = { title: 'RECONCILED', most: 12, cell: reconciledOf, status: reconciledOf };

export function runTable(runs: readonly CatalogRun[], paint: Paint): string[] {
  return tableOf(runs, RUN_COLUMNS, paint);
}

/** The same, and the reconciliation state of each run, where any run has one; too narrow for that, the calls are left out. */
export function listTable(runs: readonly CatalogRun[], paint: Paint, width: number): string[] {
  if (runs.every((run) => reconciledOf(run) === DASH)) return runTable(runs, paint);
  const all = [...RUN_COLUMNS, RECONCILED];
  const fits = tableOf(runs, all, plain).every((line) => widthOf(line) <= width);
  return tableOf(runs, fits ? all : all.filter((column) => column !== CALLS), paint);
}

function tableOf(runs: readonly CatalogRun[], columns: readonly RunColumn[], paint: Paint): string[] {
  return table(
    columns,
    runs.map((run) => columns.map(({ cell }) => cell(run))),
    (cell, row, column) => {
      const status = columns[column]?.status;
      return status === undefined ? cell : paint(styleOf(status(runs[row]!)), cell);
    },
  );
}

/**
 * What the runs of each framework add up to, below the runs; nothing where there are only rehearsals and replays, which use
 * no model. A `≥` precedes a sum for which a run's figures are missing or a lower bound.
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
      const shown = (text: string, whole = isWhole): string => (text === DASH || whole ? text : `≥ ${text}`);
      return [
        sanitizeLine(framework),
        String(total.runs),
        shown(formatShortCount(total.api_calls, DASH)),
        shown(formatShortCount(total.tokens_in, DASH)),
        shown(formatShortCount(total.tokens_out, DASH)),
        shown(costText(total.cost_usd, DASH), isWhole && total.runs_without_cost === 0),
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
      return entry.status ?? DASH;
    default:
      return state satisfies never;
  }
}

/** Ids of stepwell as they are; longer ones of other systems by both ends, which name the run as well. */
function shortId(id: string): string {
  const shown = sanitizeLine(id);
  return shown.length <= 24 ? shown : `${shown.slice(0, 13)}…${shown.slice(-4)}`;
}

function reconciledOf({ entry: { verification_status: state } }: CatalogRun): string {
  return state === null || state === 'not_applicable' ? DASH : sanitizeLine(state);
}

function stepsOf({ entry }: CatalogRun): string {
  if (entry.steps_total === null) return DASH;
  return `${entry.steps_succeeded ?? DASH}/${entry.steps_total}`;
}

function tokensOf({ entry: { total_tokens_in, total_tokens_out } }: CatalogRun): string {
  return total_tokens_in === null || total_tokens_out === null ? DASH : formatShortCount(total_tokens_in + total_tokens_out);
}
